import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import net from 'node:net'
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

const programs = [
  ['missed the first signal', hardOfHearing],
  ['hears none', deaf],
] as const

test.each(programs)('one that %s has ended when it is stopped', { timeout: 20_000 }, async (_, command) => {
  const tunnel = await Tunnel.start((socketPath) => [...command, socketPath])
  expect(await tunnel.whenReady(5_000, undefined, () => existsSync(tunnel.socketPath))).toBe('ready')
  const pid = await numberIn(tunnel.socketPath)
  await tunnel.stop()
  expect(tunnel.hasEnded).toBe(true)
  expect(isRunning(pid)).toBe(false)
  expect(existsSync(path.dirname(tunnel.socketPath))).toBe(false)
})

test.each(programs)('one that %s ends also when who started it is killed', { timeout: 20_000 }, async (_, command) => {
  const script = `import { existsSync } from 'node:fs'
import { Tunnel } from ${JSON.stringify(path.join(import.meta.dirname, 'tunnel.ts'))}
const tunnel = await Tunnel.start((socketPath) => [...${JSON.stringify(command)}, socketPath])
await tunnel.whenReady(5_000, undefined, () => existsSync(tunnel.socketPath))
console.log(tunnel.socketPath)`
  const owner: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(owner.stdout ?? owner, 'data')) as [Buffer]
  const socketPath = String(said).trim()
  const pid = await numberIn(socketPath)
  owner.kill('SIGKILL')
  await expect.poll(() => isRunning(pid), { timeout: 12_000 }).toBe(false)
  await expect.poll(() => existsSync(path.dirname(socketPath)), { timeout: 5_000 }).toBe(false)
})

test('it is ready once connections are taken, not while the file of its socket alone is there', async () => {
  const listen = 'require("net").createServer((one) => one.on("error", () => {}).end("here")).listen(process.argv[1])'
  const late = `echo >"$1"; sleep 0.3; rm "$1"; exec "${process.execPath}" -e '${listen}' "$1"`
  const tunnel = await Tunnel.start((socketPath) => ['sh', '-c', late, 'sh', socketPath])
  expect(await tunnel.whenReady(20_000)).toBe('ready')
  const [said] = await once(net.connect(tunnel.socketPath), 'data')
  expect(String(said)).toBe('here')
  await tunnel.stop()
})
