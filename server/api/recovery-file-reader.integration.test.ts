import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { env } from '#server/env.ts'
import { FileReader } from '#server/file-reader/client.ts'
import { RecoveryFiles } from '#server/schema/recovery-file.ts'
import { callAs } from '#server/testing/call.ts'
import { recoveryFileTrial } from '#server/testing/recovery-file-trial.ts'

const trial = recoveryFileTrial()
const { root, download } = trial

/** Readers that this process, or another one, has started. */
const pids = async (startedBy: number | undefined = process.pid) => {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    const parent = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    if (line.includes('file-reader/main.ts') && parent.split(') ')[1]?.split(' ')[1] === String(startedBy)) {
      found.push(Number(name))
    }
  }
  return found
}

const optionsOf = (cache: string) => ({
  ...{ databaseUrl: trial.services.databaseUrl, keys: env().SKERRY_KEY, cacheFolder: join(trial.folder, cache) },
  program: join(process.cwd(), 'server/file-reader/main.ts'),
})
const listing = () => ({
  ...{ ...root, datastoreId: trial.datastoreId, tenantId: trial.world.tenant.id },
  ...{ search: '', sort: 'name' as const, descending: false, cursor: 0, limit: 10 },
})

test('is one, and another takes its place when it was killed; a download that it broke off is no whole file', async () => {
  const { recoveryFile } = await callAs(trial.services, trial.cast.headers.owner)
  await recoveryFile.list(root)
  const [pid, ...others] = await pids()
  expect(pid).toBeGreaterThan(0)
  expect(others).toEqual([])
  const response = await download('owner', ['large.bin'])
  const reader = response.body?.getReader()
  await reader?.read()
  process.kill(pid ?? 0, 'SIGKILL')
  const rest = async () => {
    while (!(await reader?.read())?.done);
  }
  await expect(rest()).rejects.toThrow()
  await expect
    .poll(() =>
      recoveryFile.list(root).then(
        ({ total }) => total > 0,
        () => false,
      ),
    )
    .toBe(true)
  expect(await pids()).not.toContain(pid)
})

test('closes what nobody reads any more, ends after that, and begins again when asked', async () => {
  const files = new FileReader({
    ...optionsOf('idle'),
    idle: { pointMs: 4_000, processMs: 500, lookEveryMs: 200 },
  })
  const before = await pids()
  const started = async () => (await pids()).filter((pid) => !before.includes(pid))
  const tenantFolder = join(trial.folder, 'store', trial.datastoreId, trial.world.tenant.id)
  const reading = async () => (await readdir(join(tenantFolder, 'sessions')).catch(() => [])).length
  const readingBefore = await reading()
  for (const round of [1, 2]) {
    const { total } = await files.ask('list', listing(), RecoveryFiles)
    expect(total, `round ${round}`).toBeGreaterThan(5)
    expect(await reading()).toBe(readingBefore + 1)
    expect(await started()).toHaveLength(1)
    await expect.poll(started, { timeout: 30_000 }).toEqual([])
    expect(await reading(), 'what it read holds nothing up any more').toBe(readingBefore)
  }
  await files.close()
})

test('is ended when it no longer answers, and who waited is told', async () => {
  const files = new FileReader({ ...optionsOf('silent'), watch: { everyMs: 500, silentMs: 3_000 } })
  const { recoveryFile } = await callAs({ ...trial.services, files }, trial.cast.headers.owner)
  const before = await pids()
  await recoveryFile.list(root)
  const [pid] = (await pids()).filter((each) => !before.includes(each))
  process.kill(pid ?? 0, 'SIGSTOP')
  await expect(recoveryFile.list(root)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  expect((await recoveryFile.list(root)).total).toBeGreaterThan(0)
  expect(await pids()).not.toContain(pid)
  await files.close()
})

test('ends with web, also when that is killed', async () => {
  const options = {
    ...optionsOf('killed'),
    idle: { pointMs: 60_000, processMs: 60_000, lookEveryMs: 200 },
  }
  const script = `
    import { z } from 'zod'
    import { FileReader } from '${join(process.cwd(), 'server/file-reader/client.ts')}'
    const files = new FileReader(${JSON.stringify(options)})
    await files.ask('list', ${JSON.stringify(listing())}, z.unknown())
    console.log('asked')
    setInterval(() => undefined, 1000)`
  const web = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(web, 'exit')
  await once(web.stdout, 'data')
  const [pid] = await pids(web.pid)
  expect(pid).toBeGreaterThan(0)
  web.kill('SIGKILL')
  await gone
  await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 10_000 }).toBe(false)
})
