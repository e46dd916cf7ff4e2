import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { describe, expect, it } from 'vitest'
import { faultySocket } from '#server/testing/faulty-socket.ts'
import { frameStatus, frameType } from './frame.ts'
import { encodeError, encodeReply, encodeStreamHeader } from './message.ts'
import { RpcConnection } from './rpc.ts'
import { type Script, ScriptedDaemon } from './testing/scripted-daemon.ts'

const volume = { pool: 'p', name: 'v', key: '/v' }
const domain = { name: 'web', uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f', id: 3 }
const accept: Script = {
  storageVolUpload: () => ({}),
  storageVolDownload: () => ({}),
  domainOpenConsole: () => ({}),
}
const later = () => new Promise((resolve) => setTimeout(resolve, 5))

function connect(script: Script = accept, pieceBytes?: number) {
  const { client, server } = faultySocket({ pieceBytes })
  const daemon = new ScriptedDaemon(server, script)
  const packet = (status: keyof typeof frameStatus, bytes = Buffer.alloc(0)) =>
    daemon.socket.write(Buffer.concat([encodeStreamHeader('storageVolDownload', 1, status, bytes.length), bytes]))
  return { connection: new RpcConnection(client), daemon, client, packet }
}

const packets = (daemon: ScriptedDaemon) => daemon.received.filter((frame) => frame.type === frameType.stream)

async function read(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe('download', () => {
  it('reads to the end and confirms it', async () => {
    const { connection, daemon, packet } = connect(accept, 9)
    const { stream } = await connection.openStream('storageVolDownload', { volume })
    packet('continue', Buffer.from('hello '))
    packet('continue', Buffer.from('world'))
    packet('continue')
    const text = read(stream)
    await later()
    expect(packets(daemon)).toMatchObject([{ status: frameStatus.ok, payload: Buffer.alloc(0) }])
    packet('ok')
    expect(await text).toBe('hello world')
    expect(connection.streamCount).toBe(0)
  })

  it('keeps bytes that come together with the answer', async () => {
    const { connection, daemon } = connect({
      storageVolDownload: (_args, { serial }) => {
        const bytes = Buffer.from('early')
        const reply = encodeReply('storageVolDownload', {}, serial)
        const header = encodeStreamHeader('storageVolDownload', serial, 'continue', bytes.length)
        const end = encodeStreamHeader('storageVolDownload', serial, 'continue')
        const done = encodeStreamHeader('storageVolDownload', serial, 'ok')
        daemon.socket.write(Buffer.concat([reply, header, bytes, end, done]))
        return 'nothing'
      },
    })
    const { stream } = await connection.openStream('storageVolDownload', { volume })
    expect(await read(stream)).toBe('early')
  })

  it('fails with the error that the daemon sends within it, even before anybody listens', async () => {
    const { connection, daemon } = connect({
      storageVolDownload: (_args, frame) => {
        daemon.socket.write(encodeReply('storageVolDownload', {}, frame.serial))
        daemon.socket.write(
          encodeError({ ...frame, type: frameType.stream }, { code: 38, domain: 38, message: 'gone' }),
        )
        return 'nothing'
      },
    })
    const { stream } = await connection.openStream('storageVolDownload', { volume })
    await expect(read(stream)).rejects.toMatchObject({ name: 'LibvirtError', code: 38, message: 'gone' })
    await later()
    expect(packets(daemon)).toEqual([])
    expect(connection.isOpen).toBe(true)
  })

  it('stops reading the connection while its reader is slow, and goes on', async () => {
    const { connection, packet, client } = connect()
    const { stream } = await connection.openStream('storageVolDownload', { volume })
    const mebibyte = Buffer.alloc(1024 * 1024, 'x')
    for (let count = 0; count < 4; count++) packet('continue', mebibyte)
    packet('continue')
    packet('ok')
    await later()
    expect(client.isPaused()).toBe(true)
    expect((await read(stream)).length).toBe(4 * 1024 * 1024)
    expect(client.isPaused()).toBe(false)
  })

  it('tells the daemon to give up when it is destroyed, and drops what still comes', async () => {
    const { connection, daemon, packet } = connect()
    const controller = new AbortController()
    const { stream } = await connection.openStream('storageVolDownload', { volume }, { signal: controller.signal })
    controller.abort()
    await expect(finished(stream)).rejects.toMatchObject({ name: 'AbortError' })
    expect(packets(daemon)).toMatchObject([{ status: frameStatus.error }])
    packet('continue', Buffer.from('late'))
    await later()
    expect(connection.isOpen).toBe(true)
    expect(connection.streamCount).toBe(0)
  })
})

describe('upload', () => {
  it('is finished only once the daemon says so', async () => {
    const { connection, daemon, packet } = connect()
    const { stream } = await connection.openStream('storageVolUpload', { volume })
    const bytes = Buffer.alloc(600_000, 'u')
    let done = false
    const sent = pipeline(Readable.from([bytes]), stream).then(() => {
      done = true
    })
    await later()
    const frames = packets(daemon)
    expect(frames.map((frame) => frame.status)).toEqual([2, 2, 2, 0])
    expect(Buffer.concat(frames.map((frame) => frame.payload)).equals(bytes)).toBe(true)
    expect(done).toBe(false)
    packet('ok')
    await sent
    expect(connection.streamCount).toBe(0)
  })

  it("fails with the daemon's error", async () => {
    const { connection, daemon } = connect()
    const { stream } = await connection.openStream('storageVolUpload', { volume })
    const sent = pipeline(Readable.from([Buffer.from('x')]), stream)
    await later()
    const last = packets(daemon).at(-1)
    if (last) daemon.socket.write(encodeError(last, { code: 38, domain: 18, message: 'no space left' }))
    await expect(sent).rejects.toMatchObject({ name: 'LibvirtError', message: 'no space left' })
  })

  it('fails when the connection breaks on the way', async () => {
    const { connection, client } = connect()
    const { stream } = await connection.openStream('storageVolUpload', { volume })
    stream.write('x')
    client.destroy(new Error('cable cut'))
    await expect(finished(stream)).rejects.toThrow(/cable cut/)
  })
})

describe('console', () => {
  it('carries bytes both ways and ends from our side', async () => {
    const { connection, daemon, packet } = connect()
    const { stream } = await connection.openStream('domainOpenConsole', { domain })
    stream.write('root\n')
    packet('continue', Buffer.from('login: '))
    await later()
    expect(stream.read()?.toString()).toBe('login: ')
    stream.end()
    await later()
    expect(packets(daemon).map((frame) => frame.payload.toString())).toEqual(['root\n', ''])
    packet('ok')
    stream.resume()
    await finished(stream)
  })

  it('ends from the side of the guest', async () => {
    const { connection, daemon, packet } = connect()
    const { stream } = await connection.openStream('domainOpenConsole', { domain })
    packet('continue')
    await later()
    expect(packets(daemon)).toMatchObject([{ status: frameStatus.ok }])
    packet('ok')
    stream.resume()
    await finished(stream)
  })
})

describe('opening', () => {
  it('rejects with the error of the call and leaves nothing behind', async () => {
    const { connection } = connect({})
    await expect(connection.openStream('domainOpenConsole', { domain })).rejects.toMatchObject({ code: 39 })
    expect(connection.streamCount).toBe(0)
  })

  it('rejects when the connection ends before the answer', async () => {
    const { connection, client } = connect({ domainOpenConsole: () => 'nothing' })
    const opening = connection.openStream('domainOpenConsole', { domain })
    await later()
    client.destroy()
    await expect(opening).rejects.toMatchObject({ name: 'ConnectionLost', sent: true })
    expect(connection.streamCount).toBe(0)
  })
})
