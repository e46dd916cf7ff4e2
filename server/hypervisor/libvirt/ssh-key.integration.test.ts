import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { sshDaemon } from '#server/testing/ssh-daemon.ts'
import { hasSshd } from '../../libvirt/testing/sshd.ts'
import type { ConnectionState, HostAddress } from '../driver.ts'
import { libvirtDriver } from './driver.ts'

const at = sshDaemon()
let key: string
let address: HostAddress
beforeAll(async () => {
  if (!hasSshd) return
  const { sshd, daemon, user } = at()
  key = await readFile(sshd.at('client'), 'utf8')
  address = {
    uri: `test+ssh://${user}@127.0.0.1:${sshd.port}/default?socket=${daemon.socketPath}`,
    name: 'far',
    credential: { ssh: { key, knownHosts: await readFile(sshd.at('known'), 'utf8') } },
  }
})

/** Files in which the key stands, wherever temporary ones are made. */
async function filesWithKey(): Promise<string[]> {
  const line = key.split('\n')[1] ?? ''
  const found: string[] = []
  for (const folder of [at().temporary, '/dev/shm']) {
    // A folder that goes while it is read holds nothing.
    const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
    for (const entry of entries) {
      const path = resolve(entry.parentPath, entry.name)
      if (entry.isFile() && (await readFile(path, 'utf8').catch(() => '')).includes(line)) found.push(path)
    }
  }
  return found
}

test.skipIf(!hasSshd)('a host is reached over ssh with the key that it is given, which lies in no folder', async () => {
  expect((await libvirtDriver.test(address)).hostname).not.toBe('')
  const wrong = { ...address, credential: { ssh: { key, knownHosts: '' } } }
  await expect(libvirtDriver.test(wrong)).rejects.toMatchObject({ message: expect.stringMatching(/host key/) })
  const host = libvirtDriver.open(address)
  const states: ConnectionState['state'][] = []
  await new Promise<void>((done) => {
    host.onConnection(({ state }) => {
      states.push(state)
      if (state === 'connected') done()
    })
  })
  expect(await filesWithKey()).toEqual([])
  expect((await host.listVms()).map((vm) => vm.name)).toEqual(['test'])
  await host.close()
  expect(await readdir(at().temporary)).toEqual([])
})

test.skipIf(!hasSshd)('a socket there is reached until it is closed; one that can’t be opened is told', async () => {
  const host = libvirtDriver.open(address)
  const aborted = { signal: AbortSignal.abort() }
  await expect(host.reachSocket('/nowhere', aborted)).rejects.toMatchObject({ code: 'unavailable' })
  // As in the folder of a VM of that name.
  const folder = await mkdtemp(join(tmpdir(), '20: 100 % \\'))
  const server = net.createServer().listen(join(folder, 'socket'))
  await once(server, 'listening')
  const there = await host.reachSocket(join(folder, 'socket'))
  // Listened for before: a process that is held up for a moment sees the far end first.
  const reached = once(server, 'connection')
  const socket = net.connect(there.path)
  await once(socket, 'connect')
  await reached
  expect(await there.trouble()).toBeUndefined()
  const ended = once(socket, 'close')
  await there.close()
  await ended
  const nowhere = await host.reachSocket('/nowhere')
  await once(net.connect(nowhere.path).resume(), 'close')
  expect(await nowhere.trouble()).toMatchObject({ code: 'forbidden', message: expect.stringMatching(/far/) })
  await nowhere.close()
  await host.close()
  server.close()
  await rm(folder, { recursive: true })
  expect(await readdir(at().temporary)).toEqual([])
})

test.skipIf(!hasSshd)('a worker that is killed leaves neither key nor tunnel', async () => {
  const script = `
    import { libvirtDriver } from '${resolve(import.meta.dirname, 'driver.ts')}'
    const host = libvirtDriver.open(${JSON.stringify(address)})
    host.onConnection(async ({ state }) => {
      if (state !== 'connected') return
      await host.reachSocket('${at().daemon.socketPath}')
      console.log('up')
    })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = new Promise((done) => child.once('exit', done))
  try {
    await new Promise((done) => child.stdout.once('data', done))
    expect(await readdir(at().temporary)).toHaveLength(2)
    expect(await filesWithKey()).toEqual([])
  } finally {
    child.kill('SIGKILL')
    await gone
  }
  expect(await filesWithKey()).toEqual([])
  await expect.poll(() => readdir(at().temporary), { timeout: 20_000 }).toEqual([])
})
