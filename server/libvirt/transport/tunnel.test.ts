import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { Tunnel } from './tunnel.ts'

/**
 * What serves nothing, and writes its process number where its socket should be.
 * @param onTerm what it does at a SIGTERM
 */
const program = (onTerm: string) => [
  ...['sh', '-c', `trap '${onTerm}' TERM; echo $$ >"$0.new"; mv "$0.new" "$0"; while :; do sleep 0.02; done`],
]
const hardOfHearing = program('trap - TERM')
const deaf = program('')

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

const programs = [
  ['missed the first signal', hardOfHearing],
  ['hears none', deaf],
] as const

test.each(programs)('one that %s has ended when it is stopped', { timeout: 20_000 }, async (_, command) => {
  const tunnel = await Tunnel.start((socketPath) => [...command, socketPath])
  expect(await tunnel.whenReady(5_000)).toBe('ready')
  const pid = await numberIn(tunnel.socketPath)
  await tunnel.stop()
  expect(tunnel.hasEnded).toBe(true)
  expect(isRunning(pid)).toBe(false)
  expect(await isThere(path.dirname(tunnel.socketPath))).toBe(false)
})

test.each(programs)('one that %s ends also when who started it is killed', { timeout: 20_000 }, async (_, command) => {
  const script = `import { Tunnel } from ${JSON.stringify(path.join(import.meta.dirname, 'tunnel.ts'))}
const tunnel = await Tunnel.start((socketPath) => [...${JSON.stringify(command)}, socketPath])
await tunnel.whenReady(5_000)
console.log(tunnel.socketPath)`
  const owner: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(owner.stdout ?? owner, 'data')) as [Buffer]
  const socketPath = String(said).trim()
  const pid = await numberIn(socketPath)
  owner.kill('SIGKILL')
  await expect.poll(() => isRunning(pid), { timeout: 12_000 }).toBe(false)
  await expect.poll(() => isThere(path.dirname(socketPath)), { timeout: 5_000 }).toBe(false)
})
