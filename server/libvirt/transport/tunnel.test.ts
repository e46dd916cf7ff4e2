import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { Tunnel } from './tunnel.ts'

/** Serves nothing, writes its process number where its socket should be, and takes notice of the second signal alone. */
const hardOfHearing = (socketPath: string) => [
  ...['sh', '-c', 'trap "trap - TERM" TERM; echo $$ >"$0"; while :; do sleep 0.02; done', socketPath],
]

const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
const numberIn = async (file: string) => Number(await readFile(file, 'utf8'))
const isThere = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  )

test('a program that missed the first signal is told again, and has ended when it is stopped', async () => {
  const tunnel = await Tunnel.start(hardOfHearing)
  expect(await tunnel.whenReady(5_000)).toBe('ready')
  const pid = await numberIn(tunnel.socketPath)
  await tunnel.stop()
  expect([tunnel.hasEnded, isRunning(pid), await isThere(path.dirname(tunnel.socketPath))]).toEqual([
    true,
    false,
    false,
  ])
})

test('it is told again also when who started it is killed', async () => {
  const script = `import { Tunnel } from ${JSON.stringify(path.join(import.meta.dirname, 'tunnel.ts'))}
const tunnel = await Tunnel.start(${hardOfHearing})
await tunnel.whenReady(5_000)
console.log(tunnel.socketPath)`
  const owner: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(owner.stdout ?? owner, 'data')) as [Buffer]
  const socketPath = String(said).trim()
  const pid = await numberIn(socketPath)
  owner.kill('SIGKILL')
  await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false)
  await expect.poll(() => isThere(path.dirname(socketPath)), { timeout: 5_000 }).toBe(false)
})
