import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { env } from '#server/env.ts'
import { FileReader } from '#server/file-reader/client.ts'
import { MIB, makeImage, makeTree, tool } from '#server/filesystem/testing/image.ts'
import { RecoveryFiles } from '#server/schema/recovery-file.ts'
import { callAs } from '#server/testing/call.ts'
import { type TestServices, testServices } from '#server/testing/services.ts'
import { type Cast, createCast, createWorld, type World } from '#server/testing/world.ts'
import { Repositories } from '#server/workflows/repositories.ts'
import { withErrors } from './http-error.ts'
import { downloadFile } from './recovery-file.ts'

let folder: string
let services: TestServices
let cast: Cast
let world: World
const recoveryPointId = crypto.randomUUID()
let datastoreId: string
const large = randomBytes(20 * MIB)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-recovery-file-'))
  services = await testServices({ SKERRY_CACHE: join(folder, 'cache') })
  cast = await createCast(services)
  world = await createWorld(services, cast)
  const tree = join(folder, 'tree')
  await mkdir(tree)
  await makeTree(tree, { smallFiles: 700, hasLinks: true, largeBytes: MIB })
  await writeFile(join(tree, 'large.bin'), large)
  const image = await makeImage(join(folder, 'image'), 64 * MIB)
  await tool('mkfs.ext4', '-q', '-L', 'data', '-d', tree, image)
  const path = join(folder, 'store')
  const location = { kind: 'folder' as const, path }
  const datastore = await services.authDb.datastore.create({
    data: { name: 'Vault of files', kind: 'folder', location: { path } },
  })
  datastoreId = datastore.id
  const repositories = new Repositories({
    db: services.authDb,
    keys: env().SKERRY_KEY,
    cacheFolder: join(folder, 'worker'),
  })
  await repositories.prepare({ storeId: datastoreId, location, sealed: null })
  const repository = await repositories.repository(datastoreId, world.tenant.id)
  const bytes = await readFile(image)
  const disks = [
    { name: 'vda', sizeBytes: bytes.length },
    { name: 'vdb', sizeBytes: 4 * MIB },
  ]
  const writer = await repository.startBackup({ id: recoveryPointId, disks })
  await writer.write('vda', 0, bytes)
  await writer.commit()
  await repositories.close()
  const {
    id: _,
    applications: _applications,
    ...row
  } = await services.authDb.recoveryPoint.findUniqueOrThrow({
    where: { id: world.recoveryPoint.id },
  })
  await services.authDb.recoveryPoint.create({
    data: {
      ...{ ...row, id: recoveryPointId, datastoreId, shape: {} },
      disks: disks.map(({ name, sizeBytes }) => ({ target: name, sizeBytes })),
    },
  })
})
afterAll(async () => {
  await services?.close()
  await rm(folder, { recursive: true, force: true })
})

type Who = keyof Cast['headers']
const root = { recoveryPointId, disk: 'vda', volume: 0, path: [] as string[] }

const download = (who: Who, path: string[], kind: 'file' | 'archive' = 'file', disk = 'vda') => {
  const query = new URLSearchParams([['disk', disk], ['volume', '0'], ...path.map((part) => ['path', part])])
  const url = `http://127.0.0.1/api/recovery-points/${recoveryPointId}/${kind}?${query}`
  const request = new Request(url, { headers: cast.headers[who] })
  return withErrors(() => downloadFile(services, request, recoveryPointId, kind))
}
const lastEntry = () => services.authDb.auditEntry.findFirst({ orderBy: { at: 'desc' } })
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('listing', () => {
  test('disks and what is on them', async () => {
    const caller = await callAs(services, cast.headers.owner)
    const { disks, vmName } = await caller.recoveryFile.volumes({ recoveryPointId })
    expect(vmName).toBe(world.vm.name)
    expect(disks).toMatchObject([
      { target: 'vda', volumes: [{ number: 0, kind: 'ext4', label: 'data', obstacle: null }] },
      { target: 'vdb', volumes: [{ number: 0, kind: null, obstacle: expect.stringContaining('may be empty') }] },
    ])
  })

  test('a folder a page at a time, folders first, sorted and searched', async () => {
    const { recoveryFile } = await callAs(services, cast.headers.owner)
    const top = await recoveryFile.list(root)
    expect(top.files.slice(0, 3).map(({ kind }) => kind)).toEqual(['folder', 'folder', 'folder'])
    expect(top.files.find(({ name }) => name === 'escaping link')).toMatchObject({
      kind: 'link',
      target: '../../../../etc/shadow',
    })
    const many = { ...root, path: ['many'] }
    const first = await recoveryFile.list({ ...many, limit: 500 })
    const second = await recoveryFile.list({ ...many, limit: 500, cursor: 500 })
    expect([first.total, first.files.length, second.files.length]).toEqual([700, 500, 200])
    expect(new Set([...first.files, ...second.files].map(({ name }) => name)).size).toBe(700)
    const largest = await recoveryFile.list({ ...root, sort: 'size', descending: true })
    expect(largest.files.find(({ kind }) => kind === 'file')).toMatchObject({
      name: 'large.bin',
      sizeBytes: large.length,
    })
    const found = await recoveryFile.list({ ...many, search: 'NUMBER 0012' })
    expect(found.total).toBe(10)
  })

  test('links are not followed, names are no ways, and each refusal says which', async () => {
    const { recoveryFile } = await callAs(services, cast.headers.owner)
    const code = (path: string[]) =>
      recoveryFile.list({ ...root, path }).then(
        () => 'ok',
        (error) => error.cause?.code ?? error.code,
      )
    expect(await code(['absolute link'])).toBe('invalid')
    expect(await code(['long link'])).toBe('invalid')
    expect(await code(['a', '..'])).not.toBe('ok')
    expect(await code(['a/b'])).not.toBe('ok')
    expect(await code(['a\0'])).not.toBe('ok')
    expect(await code(['nowhere'])).toBe('not-found')
    expect(await code(['tiny.txt', 'below'])).toBe('invalid')
  })
})

describe('downloading', () => {
  test('a file comes as it is, with an audit entry that names it', async () => {
    const response = await download('owner', ['large.bin'])
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(large.length),
      'content-disposition': `attachment; filename="large.bin"; filename*=UTF-8''large.bin`,
    })
    expect(hash(Buffer.from(await response.arrayBuffer()))).toBe(hash(large))
    expect(await lastEntry()).toMatchObject({
      ...{ action: 'vm.download-file', outcome: 'succeeded', actorName: 'Owen', tenantId: world.tenant.id },
      ...{ resourceName: world.vm.name, detail: { recoveryPointId, disk: 'vda', volume: 0, path: '/large.bin' } },
    })
  })

  test('odd names are found again and saved under sound ones', async () => {
    const names: [string, string][] = [
      ['line\nbreak "quoted" \\.txt', 'odd name\n'],
      ['not \u{fffd}FF\u{fffd}FEtext', 'bytes\n'],
    ]
    for (const [name, content] of names) {
      const response = await download('owner', [name])
      expect(await response.text()).toBe(content)
      expect(response.headers.get('content-disposition')).not.toMatch(/[\r\n\\]/)
    }
  })

  test('a folder comes as an archive that tar unpacks', async () => {
    const response = await download('owner', [], 'archive')
    expect(response.headers.get('content-disposition')).toContain('filename="vda-0.tar"')
    const archive = join(folder, 'all.tar')
    await writeFile(archive, Buffer.from(await response.arrayBuffer()))
    const out = join(folder, 'out')
    await mkdir(out)
    await tool('tar', '-xf', archive, '-C', out)
    expect(await readdir(join(out, 'files', 'many'))).toHaveLength(700)
    expect(hash(await readFile(join(out, 'files', 'large.bin')))).toBe(hash(large))
    expect(await readlink(join(out, 'files', 'absolute link'))).toBe('/etc/passwd')
    const { recoveryFile } = await callAs(services, cast.headers.owner)
    expect((await recoveryFile.measure(root)).files).toBeGreaterThan(700)
  })

  test('who may not restore the VM gets nothing of its files, and the refusal is in the trail', async () => {
    const statuses: [Who, number][] = [
      ['nobody', 401],
      ['expired', 401],
      ['stranger', 404],
      ['viewer', 403],
      ['operator', 200],
    ]
    for (const [who, status] of statuses) {
      const response = await download(who, ['tiny.txt'])
      expect(response.status, who).toBe(status)
      const text = await response.text()
      if (status !== 200) expect(text).toContain('"error"')
      else expect(text).toBe('x')
      if (who === 'viewer') {
        expect(await lastEntry()).toMatchObject({
          ...{ action: 'vm.download-file', outcome: 'denied', actorName: 'Vera' },
          detail: { path: '/tiny.txt' },
        })
      }
    }
    const caller = await callAs(services, cast.headers.viewer)
    await expect(caller.recoveryFile.list(root)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  test('what is not there, no file, or on no such disk is refused before anything is sent', async () => {
    expect((await download('owner', ['nothing here'])).status).toBe(404)
    expect((await download('owner', ['many'])).status).toBe(400)
    expect((await download('owner', ['absolute link'])).status).toBe(400)
    expect((await download('owner', ['..', 'image'])).status).toBe(400)
    expect((await download('owner', ['tiny.txt'], 'file', 'vdz')).status).toBe(400)
    expect((await download('owner', ['tiny.txt'], 'file', 'vdb')).status).toBe(422)
  })

  test('a copy that is archived and no longer valid is not read', async () => {
    const setInvalid = (invalidAt: Date | null) =>
      services.authDb.recoveryPoint.update({ where: { id: recoveryPointId }, data: { invalidAt } })
    await setInvalid(new Date())
    expect((await download('owner', ['tiny.txt'])).status).toBe(409)
    await setInvalid(null)
    expect((await download('owner', ['tiny.txt'])).status).toBe(200)
  })

  test('nobody has more than a few under way', async () => {
    const open = await Promise.all([1, 2, 3, 4].map(() => download('owner', ['large.bin'])))
    expect(open.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect((await download('owner', ['large.bin'])).status).toBe(503)
    await Promise.all(open.map(({ body }) => body?.cancel()))
    await expect.poll(async () => (await download('owner', ['tiny.txt'])).status).toBe(200)
  })
})

describe('the process that reads', () => {
  const pids = async () => {
    const found: number[] = []
    for (const name of await readdir('/proc')) {
      const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
      const parent = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
      if (line.includes('file-reader/main.ts') && parent.split(') ')[1]?.split(' ')[1] === String(process.pid)) {
        found.push(Number(name))
      }
    }
    return found
  }

  test('is one, and another takes its place when it was killed; a download that it broke off is no whole file', async () => {
    const { recoveryFile } = await callAs(services, cast.headers.owner)
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
      ...{ databaseUrl: services.databaseUrl, keys: env().SKERRY_KEY, cacheFolder: join(folder, 'idle') },
      program: join(process.cwd(), 'server/file-reader/main.ts'),
      idle: { pointMs: 4_000, processMs: 500, lookEveryMs: 200 },
    })
    const before = await pids()
    const started = async () => (await pids()).filter((pid) => !before.includes(pid))
    const tenantFolder = join(folder, 'store', datastoreId, world.tenant.id)
    const reading = async () => (await readdir(join(tenantFolder, 'sessions')).catch(() => [])).length
    const readingBefore = await reading()
    const source = { datastoreId, tenantId: world.tenant.id }
    for (const round of [1, 2]) {
      const { total } = await files.ask(
        'list',
        { ...root, ...source, search: '', sort: 'name', descending: false, cursor: 0, limit: 10 },
        RecoveryFiles,
      )
      expect(total, `round ${round}`).toBeGreaterThan(5)
      expect(await reading()).toBe(readingBefore + 1)
      expect(await started()).toHaveLength(1)
      await expect.poll(started, { timeout: 30_000 }).toEqual([])
      expect(await reading(), 'what it read holds nothing up any more').toBe(readingBefore)
    }
    await files.close()
  })

  test('is ended when it no longer answers, and who waited is told', { timeout: 60_000 }, async () => {
    const { recoveryFile } = await callAs(services, cast.headers.owner)
    await recoveryFile.list(root)
    const [pid] = await pids()
    process.kill(pid ?? 0, 'SIGSTOP')
    await expect(recoveryFile.list(root)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    expect((await recoveryFile.list(root)).total).toBeGreaterThan(0)
    expect(await pids()).not.toContain(pid)
  })
})
