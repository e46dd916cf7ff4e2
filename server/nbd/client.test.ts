import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { connectFaulty as connect } from '#server/testing/faulty-nbd.ts'
import type { Faults } from '#server/testing/faulty-socket.ts'
import { encodeOptionReply, uint16, uint32, uint64 } from './option.ts'
import { failure } from './testing/failure.ts'
import { context } from './testing/scripted-connection.ts'
import {
  blockSizeInfo,
  chunkBytes,
  dataChunk,
  errorChunk,
  exportInfo,
  greeting,
  handshakeBytes,
  holeChunk,
  type SeenRequest,
  simpleReply,
  statusChunk,
} from './testing/scripted-server.ts'
import { chunk, command, commandFlag, option, optionReply } from './wire.ts'

const later = (ms = 5) => delay(ms)

describe('requests', () => {
  it('are these bytes, and their answers are understood in any pieces', async () => {
    for (const pieceBytes of [1, 3, 16, 17, 1000]) {
      const { client, server } = await connect({ faults: { pieceBytes } }, ({ cookie, command: type, offset }) =>
        type === command.read ? dataChunk(cookie, offset, Buffer.from('data')) : simpleReply(cookie),
      )
      expect((await client.read(512, 4)).toString()).toBe('data')
      await client.write(1024, Buffer.from('new'), { fua: true })
      await client.writeZeroes(0, 4096, { allocate: true })
      await client.trim(0, 512)
      await client.flush()
      expect(server.requests.map(({ cookie: _, payload, ...rest }) => ({ ...rest, text: payload.toString() }))).toEqual(
        [
          { command: command.read, flags: 0, offset: 512, length: 4, text: '' },
          { command: command.write, flags: commandFlag.fua, offset: 1024, length: 3, text: 'new' },
          { command: command.writeZeroes, flags: commandFlag.noHole, offset: 0, length: 4096, text: '' },
          { command: command.trim, flags: 0, offset: 0, length: 512, text: '' },
          { command: command.flush, flags: 0, offset: 0, length: 0, text: '' },
        ],
      )
    }
  })

  it('may be answered in any order, in pieces of any order, with holes', async () => {
    const seen: SeenRequest[] = []
    const { client, server } = await connect({}, (request) => {
      seen.push(request)
      return undefined
    })
    const reads = [client.read(0, 12), client.read(100, 4)]
    await later()
    const [first, second] = seen.map(({ cookie }) => cookie) as [number, number]
    server.socket.write(dataChunk(first, 8, Buffer.from('last'), false))
    server.socket.write(holeChunk(second, 100, 4))
    server.socket.write(holeChunk(first, 4, 4, false))
    server.socket.write(dataChunk(first, 0, Buffer.from('frst'), false))
    server.socket.write(chunkBytes(first, chunk.none, Buffer.alloc(0)))
    expect((await Promise.all(reads)).map(String)).toEqual(['frst\0\0\0\0last', '\0\0\0\0'])
  })

  it('that are large go in pieces within the window', async () => {
    let open = 0
    let most = 0
    const bytes = Buffer.from(Array.from({ length: 9 * 2 ** 20 }, (_, index) => (index >> 20) + 1))
    const { client, server } = await connect(
      { sizeBytes: 2 ** 30, window: { requests: 3, bytes: 2 ** 30 } },
      ({ cookie, offset, length }) => {
        most = Math.max(most, ++open)
        setTimeout(() => {
          open--
          server.socket.write(dataChunk(cookie, offset, bytes.subarray(offset, offset + length)))
        }, 3)
        return undefined
      },
    )
    expect(Buffer.compare(await client.read(0, bytes.length), bytes)).toBe(0)
    expect(most).toBe(3)
    expect(server.requests).toHaveLength(5)
  })

  it('are refused before they are sent when they make no sense', async () => {
    const { client, server } = await connect({ sizeBytes: 4096 })
    for (const [offset, length] of [
      [-1, 1],
      [0, 4097],
      [4096, 1],
      [0.5, 1],
      [0, Number.NaN],
    ] as const) {
      expect((await failure(client.read(offset, length))).code).toBe('invalid')
    }
    expect((await client.read(4096, 0)).length).toBe(0)
    expect(server.requests).toEqual([])
    const talk = Buffer.concat([
      greeting(),
      encodeOptionReply(option.structuredReply, optionReply.ack),
      exportInfo(4096, 1 | 2),
      blockSizeInfo(512, 4096, 65536),
      encodeOptionReply(option.go, optionReply.ack),
    ])
    const { client: other } = await connect({ talk })
    expect((await failure(other.write(0, Buffer.alloc(512)))).code).toBe('read-only')
    expect((await failure(other.read(0, 100))).code).toBe('invalid')
    expect((await failure(other.flush())).code).toBe('unsupported')
  })

  it.each([
    [1, 'read-only'],
    [5, 'io'],
    [12, 'no-memory'],
    [22, 'invalid'],
    [28, 'no-space'],
    [95, 'unsupported'],
    [108, 'shutting-down'],
    [999, 'io'],
  ])('fail with what the server says: %i is %s', async (number, code) => {
    const { client } = await connect({}, ({ cookie, command: type }) =>
      type === command.read ? errorChunk(cookie, number, 'disk gone') : simpleReply(cookie, number),
    )
    const error = await failure(client.read(0, 5))
    expect(error).toMatchObject({ code, doing: 'read 5 bytes at 0' })
    expect(error.message).toContain('disk gone')
    expect(await failure(client.write(0, Buffer.from('x')))).toMatchObject({ code, doing: 'write 1 bytes at 0' })
    expect(client.lost).toBeUndefined()
  })

  const bad: [string, (cookie: number) => Buffer][] = [
    ['an unknown cookie', () => simpleReply(12345)],
    ['a large cookie', (cookie) => Buffer.concat([simpleReply(0).subarray(0, 8), uint32(1), uint32(cookie)])],
    ['no magic', (cookie) => Buffer.concat([uint32(1), simpleReply(cookie).subarray(4)])],
    ['a simple answer with data', (cookie) => simpleReply(cookie, 0, Buffer.alloc(8))],
    ['data from elsewhere', (cookie) => dataChunk(cookie, 4096, Buffer.alloc(8))],
    ['data from before', (cookie) => dataChunk(cookie, 0, Buffer.alloc(8))],
    ['too much data', (cookie) => dataChunk(cookie, 8, Buffer.alloc(9))],
    ['too little data', (cookie) => dataChunk(cookie, 8, Buffer.alloc(7))],
    ['no data', (cookie) => chunkBytes(cookie, chunk.none, Buffer.alloc(0))],
    [
      'the same data twice',
      (cookie) => Buffer.concat([0, 1].map((n) => dataChunk(cookie, 8, Buffer.alloc(8), n === 1))),
    ],
    ['a hole of nothing', (cookie) => holeChunk(cookie, 8, 0)],
    ['a hole that is too large', (cookie) => holeChunk(cookie, 8, 2 ** 32 - 1)],
    ['an offset beyond all measure', (cookie) => chunkBytes(cookie, 1, Buffer.concat([uint64(2n ** 60n), uint32(0)]))],
    ['a hole that is short', (cookie) => chunkBytes(cookie, chunk.hole, Buffer.alloc(11))],
    ['extents for data', (cookie) => statusChunk(cookie, 1, 8, 0)],
    ['an unknown piece', (cookie) => chunkBytes(cookie, 77, Buffer.alloc(8))],
    ['an error that is short', (cookie) => chunkBytes(cookie, chunk.error, Buffer.alloc(5))],
    ['an error that ends early', (cookie) => chunkBytes(cookie, chunk.error, Buffer.concat([uint32(5), uint16(9)]))],
    ['an error of a gigabyte', (cookie) => chunkBytes(cookie, chunk.error, Buffer.alloc(6)).fill(0x40, 16, 17)],
  ]
  it.each(bad)('end the connection when %s comes', async (_name, answer) => {
    const { client } = await connect({}, ({ cookie }) => answer(cookie))
    const [asked, other] = await Promise.all([failure(client.read(8, 8)), failure(client.read(16, 8))])
    expect([asked.code, other.code]).toEqual(['protocol', 'protocol'])
    await client.closed
    expect((await failure(client.flush())).code).toBe('protocol')
  })

  it('reject when the connection is cut at any byte of an answer', async () => {
    const talk = handshakeBytes()
    const answerBytes = dataChunk(1, 8, Buffer.from('12345678')).length
    for (let cut = 0; cut < answerBytes; cut++) {
      const faults: Faults = { cutAfterBytes: talk.length + cut, cutBy: cut % 2 ? 'reset' : 'end' }
      const { client } = await connect({ faults }, ({ cookie, offset }) =>
        dataChunk(cookie, offset, Buffer.from('12345678')),
      )
      const [first, second] = await Promise.all([failure(client.read(8, 8)), failure(client.read(16, 8))])
      expect([first.code, second.code]).toEqual(['closed', 'closed'])
      expect(client.unansweredCount).toBe(0)
    }
  })
})

describe('extents', () => {
  it('are joined over questions, and those of other contexts left aside', async () => {
    const { client } = await connect({ contexts: [context], sizeBytes: 3 * 2 ** 30 }, ({ cookie, offset, length }) =>
      offset === 0
        ? Buffer.concat([
            chunkBytes(cookie, chunk.blockStatus, Buffer.concat([9, length, 3].map(uint32)), false),
            statusChunk(cookie, 1, 65536, 1, 65536, 1, 65536, 0),
          ])
        : statusChunk(cookie, 1, length + 12345, 0),
    )
    const found = []
    for await (const extent of client.extents(context, 0, client.sizeBytes)) found.push(extent)
    expect(found).toEqual([
      { offset: 0, length: 131072, flags: 1 },
      { offset: 131072, length: 3 * 2 ** 30 - 131072, flags: 0 },
    ])
  })

  it.each([
    ['that are empty', (cookie: number) => statusChunk(cookie, 1, 0, 0)],
    ['that are none', (cookie: number) => statusChunk(cookie, 1)],
    ['of another context alone', (cookie: number) => statusChunk(cookie, 2, 4096, 0)],
    ['twice', (cookie: number) => Buffer.concat([0, 1].map((n) => statusChunk(cookie, 1, 8, 0).fill(n, 5, 6)))],
    ['in a simple answer', (cookie: number) => simpleReply(cookie)],
    ['that go on for ever', (cookie: number) => chunkBytes(cookie, 5, Buffer.alloc(12)).fill(0x7f, 16, 17)],
  ])('%s end the connection', async (_name, answer) => {
    const { client } = await connect({ contexts: [context] }, ({ cookie }) => answer(cookie))
    const read = (async () => {
      for await (const extent of client.extents(context, 0, 4096)) expect(extent.length).toBeGreaterThan(0)
    })()
    expect((await failure(read)).code).toBe('protocol')
    expect(client.lost).toBeDefined()
  })

  it('of a context that was not asked for are refused', async () => {
    const { client } = await connect()
    const read = (async () => {
      for await (const _ of client.extents(context, 0, 10)) break
    })()
    expect((await failure(read)).code).toBe('invalid')
  })
})

describe('giving up', () => {
  it('a call keeps its place until it is answered, and its late answer harms nobody', async () => {
    const { client, server } = await connect({ window: { requests: 1, bytes: 1000 } }, ({ cookie, offset }) =>
      offset === 0 ? undefined : dataChunk(cookie, offset, Buffer.from('good')),
    )
    const controller = new AbortController()
    const slow = failure(client.read(0, 4, { timeoutMs: 20 }))
    const aborted = failure(client.read(4, 4, { signal: controller.signal }))
    const patient = client.read(8, 4)
    await later()
    controller.abort()
    expect((await aborted).code).toBe('aborted')
    expect((await slow).code).toBe('timeout')
    await later()
    expect(server.requests).toHaveLength(1)
    server.socket.write(dataChunk(server.requests[0]?.cookie ?? 0, 0, Buffer.from('late')))
    expect((await patient).toString()).toBe('good')
    expect(server.requests.map(({ offset }) => offset)).toEqual([0, 8])
    expect((await failure(client.read(0, 4, { signal: controller.signal }))).code).toBe('aborted')
  })

  it('closing waits for what is in flight, then says goodbye', async () => {
    const { client, server } = await connect({ window: { requests: 1, bytes: 1000 } })
    const reading = client.read(0, 4)
    const waiting = failure(client.read(4, 4))
    await later()
    const closing = client.close()
    expect((await waiting).code).toBe('closed')
    expect((await failure(client.read(4, 4))).code).toBe('closed')
    server.socket.write(dataChunk(server.requests[0]?.cookie ?? 0, 0, Buffer.from('data')))
    expect((await reading).toString()).toBe('data')
    await closing
    await later()
    expect(server.requests.map((each) => each.command)).toEqual([command.read, command.disconnect])
  })

  it('destroying rejects all at once', async () => {
    const { client } = await connect({ window: { requests: 2, bytes: 1000 } })
    const calls = [0, 4, 8, 12].map((offset) => failure(client.read(offset, 4)))
    await later()
    client.destroy()
    expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(Array(4).fill('closed'))
    await client.closed
  })
})
