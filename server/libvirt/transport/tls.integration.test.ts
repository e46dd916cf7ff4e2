import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openConnection } from '../connect.ts'
import { type Certificate, makeAuthority } from '../testing/certificate.ts'
import { Daemon } from '../testing/daemon.ts'
import { freePort } from '../testing/free-port.ts'
import { type TlsTarget, tlsTransport } from './tls.ts'

let folder: string
let daemon: Daemon
let ours: Awaited<ReturnType<typeof makeAuthority>>
let theirs: Awaited<ReturnType<typeof makeAuthority>>
let client: Certificate
let stranger: Certificate
let unlisted: Certificate
let port: number

const options = { uri: 'test:///default', timeoutMs: 5000 }

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'certificates-'))
  ours = await makeAuthority(folder, 'our-authority')
  theirs = await makeAuthority(folder, 'their-authority')
  const server = await ours.forServer('daemon')
  client = await ours.forClient('console')
  unlisted = await ours.forClient('unlisted')
  stranger = await theirs.forClient('stranger')
  port = await freePort()
  daemon = await Daemon.start({
    listen: true,
    settings: [
      'listen_tls = 1',
      'listen_addr = "127.0.0.1"',
      `tls_port = "${port}"`,
      'auth_tls = "none"',
      `ca_file = "${ours.certificatePath}"`,
      `cert_file = "${server.certificatePath}"`,
      `key_file = "${server.keyPath}"`,
      'tls_allowed_dn_list = ["CN=console"]',
    ],
  })
})

afterAll(async () => {
  await daemon?.remove()
  await rm(folder, { recursive: true, force: true })
})

const target = (changes: Partial<TlsTarget> = {}): TlsTarget => ({
  host: '127.0.0.1',
  port,
  ca: ours.certificate,
  certificate: client.certificate,
  key: client.key,
  ...changes,
})

describe('TLS', () => {
  it('reaches the daemon with a certificate that it accepts, many times', async () => {
    const transport = tlsTransport(target())
    for (let count = 0; count < 5; count++) {
      const connection = await openConnection(transport, options)
      expect(await connection.call('connectIsSecure', {})).toEqual({ secure: true })
      expect(await connection.call('connectGetType', {})).toEqual({ type: 'TEST' })
      connection.close()
    }
  })

  it('has calls that are made in one go answered, all of them', async () => {
    const connection = await openConnection(tlsTransport(target()), options)
    for (const count of [2, 5, 100]) {
      const calls = Array.from({ length: count }, () => connection.call('connectGetType', {}, { timeoutMs: 5000 }))
      expect(await Promise.all(calls)).toEqual(calls.map(() => ({ type: 'TEST' })))
    }
    connection.close()
  })

  it('checks the name in the certificate, which may be told', async () => {
    const named = await openConnection(tlsTransport(target({ serverName: 'daemon' })), options)
    named.close()
    const wrong = openConnection(tlsTransport(target({ serverName: '127.0.0.2' })), options)
    await expect(wrong).rejects.toMatchObject({ name: 'TransportError', reason: 'server-certificate' })
  })

  it.each([
    ['signed by another authority', () => stranger],
    ['that is not on its list', () => unlisted],
  ] as const)('says clearly that the daemon refuses a client certificate %s', async (_name, certificate) => {
    const transport = tlsTransport(target({ certificate: certificate().certificate, key: certificate().key }))
    for (let count = 0; count < 5; count++) {
      await expect(openConnection(transport, options)).rejects.toMatchObject({
        name: 'TransportError',
        reason: 'client-certificate',
        message: `127.0.0.1:${port}: the daemon refuses our client certificate`,
      })
    }
  })

  it('refuses a daemon whose authority is not ours', async () => {
    const opening = openConnection(tlsTransport(target({ ca: theirs.certificate })), options)
    await expect(opening).rejects.toMatchObject({ name: 'TransportError', reason: 'server-certificate' })
  })

  it('says that our own certificate and key do not belong together, or are none', async () => {
    const mixed = openConnection(tlsTransport(target({ key: stranger.key })), options)
    await expect(mixed).rejects.toMatchObject({ name: 'TransportError', reason: 'client-certificate' })
    const nothing = openConnection(tlsTransport(target({ certificate: 'nothing' })), options)
    await expect(nothing).rejects.toMatchObject({ name: 'TransportError', reason: 'client-certificate' })
  })

  it('tells a closed port, a port that is no TLS, and a silent one', async () => {
    const closed = tlsTransport(target({ port: await freePort() }))
    await expect(openConnection(closed, options)).rejects.toMatchObject({ reason: 'unreachable' })
    const sockets: net.Socket[] = []
    const server = net.createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port: silentPort } = server.address() as net.AddressInfo
    const silent = tlsTransport(target({ port: silentPort }))
    await expect(openConnection(silent, { ...options, timeoutMs: 50 })).rejects.toMatchObject({ reason: 'timeout' })
    server.on('connection', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'))
    await expect(openConnection(silent, options)).rejects.toMatchObject({
      name: 'TransportError',
      reason: 'unreachable',
    })
    for (const socket of sockets) socket.destroy()
    server.close()
  })
})
