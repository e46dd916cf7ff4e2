import { execFile, spawn } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { sshDaemon } from '#server/testing/ssh-daemon.ts'
import { openConnection } from '../connect.ts'
import { Host } from '../host.ts'
import { freePort } from '../testing/free-port.ts'
import { hasSshd } from '../testing/sshd.ts'
import { openPort, openTunnel, type SshTarget, sshTransport } from './ssh.ts'

const run = promisify(execFile)
const options = { uri: 'test:///default', timeoutMs: 5000 }
const at = sshDaemon()

const target = (changes: Partial<SshTarget> = {}): SshTarget => ({
  host: '127.0.0.1',
  port: at().sshd.port,
  user: at().user,
  identityFile: at().sshd.at('client'),
  knownHostsFile: at().sshd.at('known'),
  socketPath: at().daemon.socketPath,
  ...changes,
})

/** Our ssh processes, found by the identity file that only this test uses. */
async function tunnels(): Promise<number[]> {
  const { stdout } = await run('ps', ['-eo', 'pid=,comm=,args='])
  const lines = stdout.split('\n').filter((line) => /^ *\d+ ssh /.test(line) && line.includes(at().sshd.folder))
  return lines.map((line) => Number.parseInt(line, 10))
}

const folders = () => readdir(at().temporary)

describe.skipIf(!hasSshd)('ssh', () => {
  it('serves every connection through one process, in a folder of our own, and cleans up', async () => {
    const transport = sshTransport(target())
    const startedAt = performance.now()
    const first = await openConnection(transport, options)
    const firstMs = performance.now() - startedAt
    const others = await Promise.all(Array.from({ length: 8 }, () => openConnection(transport, options)))
    const restMs = performance.now() - startedAt - firstMs
    console.log(`ssh: first connection ${firstMs.toFixed(0)} ms, eight more ${restMs.toFixed(0)} ms`)
    for (const connection of [first, ...others]) {
      expect(await connection.call('connectGetType', {})).toEqual({ type: 'TEST' })
    }
    expect(await tunnels()).toHaveLength(1)
    const [made] = await folders()
    expect((await stat(path.join(at().temporary, made ?? 'none'))).mode & 0o777).toBe(0o700)
    for (const connection of [first, ...others]) connection.close()
    await transport.close()
    expect(await tunnels()).toEqual([])
    expect(await folders()).toEqual([])
  })

  it('serves those that come at once through one process too', async () => {
    const transport = sshTransport(target())
    const connections = await Promise.all(Array.from({ length: 3 }, () => openConnection(transport, options)))
    expect(await tunnels()).toHaveLength(1)
    for (const connection of connections) connection.close()
    await transport.close()
    expect(await folders()).toEqual([])
  })

  it('leaves nothing when it is given up at any moment', async () => {
    for (let afterMs = 0; afterMs < 40; afterMs += 2) {
      const signal = AbortSignal.timeout(afterMs)
      await openTunnel(target(), { timeoutMs: 10_000, signal }).then(
        (tunnel) => tunnel.stop(),
        () => undefined,
      )
    }
    expect(await tunnels()).toEqual([])
    expect(await folders()).toEqual([])
  })

  it('has a port over there lead here, one at a time, and gives it back', async () => {
    const port = await freePort()
    const socketPath = at().sshd.at('here: 100%')
    const server = net.createServer((socket) => socket.end('from here')).listen(socketPath)
    const taking = () => openPort(target(), { port, socketPath }, { timeoutMs: 10_000 })
    const said = async () => {
      const socket = net.connect({ host: '127.0.0.1', port })
      return String((await socket.toArray()).join(''))
    }
    try {
      const first = await taking()
      expect(await said()).toBe('from here')
      await expect(taking()).rejects.toMatchObject({ name: 'TransportError', reason: 'port-taken' })
      await first.stop()
      expect(first.hasEnded).toBe(true)
      const second = await taking()
      expect(await said()).toBe('from here')
      await second.stop()
      await at().sshd.set('AllowTcpForwarding', 'local')
      await expect(taking()).rejects.toMatchObject({ name: 'TransportError', reason: 'forwarding-forbidden' })
      await at().sshd.set('AllowTcpForwarding', 'yes')
    } finally {
      server.close()
    }
    expect(await tunnels()).toEqual([])
    expect(await folders()).toEqual([])
  })

  it.each([
    ['a host key that is not known', () => target({ knownHostsFile: at().sshd.at('empty') }), 'host-key'],
    ['a host key that is another', () => target({ knownHostsFile: at().sshd.at('wrong') }), 'host-key'],
    [
      'a key that the host does not take',
      () => target({ identityFile: at().sshd.at('stranger') }),
      'ssh-authentication',
    ],
    ['a daemon that is not there', () => target({ socketPath: '/nowhere/libvirt-sock' }), 'socket-missing'],
    ['a host name that is an option', () => target({ host: '-oProxyCommand=true' }), 'invalid-address'],
    ['a user name that is an option', () => target({ user: '-oProxyCommand=true' }), 'invalid-address'],
  ] as const)('says clearly when it meets %s, and leaves nothing', async (_name, made, reason) => {
    const transport = sshTransport(made())
    await expect(openConnection(transport, options)).rejects.toMatchObject({ name: 'TransportError', reason })
    await transport.close()
    expect(await tunnels()).toEqual([])
    expect(await folders()).toEqual([])
  })

  it('tells a port where nobody listens', async () => {
    const transport = sshTransport(target({ port: await freePort() }))
    await expect(openConnection(transport, options)).rejects.toMatchObject({ reason: 'unreachable' })
    await transport.close()
  })

  it('keeps a host connected when the tunnel dies', async () => {
    const host = new Host({
      transport: sshTransport(target()),
      uri: 'test:///default',
      reconnect: { shortestMs: 20, longestMs: 100 },
    })
    host.start()
    await new Promise((resolve) => host.once('connected', () => resolve(undefined)))
    const lost = new Promise((resolve) => host.once('lost', resolve))
    for (const pid of await tunnels()) process.kill(pid, 'SIGKILL')
    await lost
    await new Promise((resolve) => host.once('connected', () => resolve(undefined)))
    expect((await host.call('connectListAllDomains', {})).count).toBe(1)
    await host.close()
    expect(await tunnels()).toEqual([])
  })

  it('takes the tunnel with it when our process is killed', async () => {
    const script = `
      import { sshTransport } from '${path.resolve(import.meta.dirname, 'ssh.ts')}'
      await sshTransport(${JSON.stringify(target())}).open({ timeoutMs: 5000 })
      console.log('up')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    expect(await tunnels()).toHaveLength(1)
    child.kill('SIGKILL')
    for (let attempt = 0; attempt < 100 && (await tunnels()).length > 0; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(await tunnels()).toEqual([])
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await folders()).toEqual([])
  })
})
