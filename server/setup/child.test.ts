import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isAlive, startChild } from './child.mjs'
import { Children } from './children.mjs'

let folder: string
let children: Children

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skerry-child-'))
  children = new Children()
})
afterEach(async () => {
  await children.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A process that runs JavaScript and then stays; it has started once its log says so. */
async function start(name: string, script = '', stopTimeoutMs = 5_000) {
  const child = children.start({
    name,
    command: [process.execPath, '-e', `${script}; console.log('${name} started'); setInterval(() => {}, 1e6)`],
    logPath: join(folder, `${name}.log`),
    env: process.env,
    stopTimeoutMs,
  })
  await children.ready(child, 10_000, async () => (child.logTail().includes('started') ? true : undefined))
  return child
}

test('children stop in the reverse of the order they started in', async () => {
  const say = (name: string) =>
    `process.on('SIGTERM', () => { require('fs').appendFileSync('${folder}/order', '${name} '); process.exit() })`
  for (const name of ['database', 'worker', 'web']) await start(name, say(name))
  await children.stop()
  expect(readFileSync(join(folder, 'order'), 'utf8')).toBe('web worker database ')
})

test('a child that does not stop when asked is killed in time, with what it started', async () => {
  const grandchild = `const c = require('child_process').spawn('sleep', ['1000']); console.log('pid ' + c.pid)`
  const child = await start('stubborn', `process.on('SIGTERM', () => {}); ${grandchild}`, 200)
  const grandchildPid = Number(/pid (\d+)/.exec(child.logTail())?.[1])
  expect(isAlive(grandchildPid)).toBe(true)
  await children.stop()
  expect(await child.exited).toBe('signal SIGKILL')
  await expect.poll(() => isAlive(grandchildPid)).toBe(false)
})

test('the first child that ends unasked is reported, and those stopped by us are not', async () => {
  await start('worker')
  const web = await start('web', 'setTimeout(() => { console.log("out of memory"); process.exit(3) }, 300)')
  const lost = await children.lost
  expect(lost).toBe(web)
  expect(await lost.exited).toBe('exit code 3')
  expect(lost.logTail()).toContain('out of memory')
})

test('a program that does not exist ends with the reason', async () => {
  const child = startChild({ name: 'none', command: ['/nowhere/program'], logPath: join(folder, 'none.log') })
  expect(await child.exited).toMatch(/ENOENT|exit code 127/)
})

test('the log of the run before is kept', async () => {
  await (await start('web', 'console.log("first run")')).stop()
  await start('web', 'console.log("second run")')
  expect(readFileSync(join(folder, 'web.previous.log'), 'utf8')).toContain('first run')
  expect(readFileSync(join(folder, 'web.log'), 'utf8')).toContain('second run')
})

test.runIf(process.platform === 'linux')('a child ends when the process that started it is killed', async () => {
  const script = `
    import { startChild } from ${JSON.stringify(new URL('./child.mjs', import.meta.url).href)}
    const child = startChild({ name: 'orphan', command: ['sleep', '1000'], logPath: '${folder}/orphan.log' })
    setTimeout(() => console.log(child.pid), 300)
    setInterval(() => {}, 1e6)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script])
  const pid = Number(await new Promise((resolve) => parent.stdout.once('data', (data) => resolve(String(data)))))
  expect(isAlive(pid)).toBe(true)
  parent.kill('SIGKILL')
  await expect.poll(() => isAlive(pid)).toBe(false)
})
