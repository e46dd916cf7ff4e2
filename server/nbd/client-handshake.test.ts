import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { connectFaulty as connect } from '#server/testing/faulty-nbd.ts'
import { faultySocket } from '#server/testing/faulty-socket.ts'
import { limited } from './call-limit.ts'
import { ClientHandshake } from './client-handshake.ts'
import { encodeOptionReply, uint32 } from './option.ts'
import { failure } from './testing/failure.ts'
import { context } from './testing/scripted-connection.ts'
import { blockSizeInfo, exportInfo, greeting, handshakeBytes, simpleReply } from './testing/scripted-server.ts'
import { option, optionReply } from './wire.ts'

const later = (ms = 5) => delay(ms)

describe('handshake', () => {
  it('sends these bytes', async () => {
    const { client: socket, server } = faultySocket()
    const sent: Buffer[] = []
    server.on('data', (bytes) => sent.push(bytes))
    server.write(handshakeBytes({ contexts: [context], sizeBytes: 4096 }))
    const agreed = await limited('open', {}, async (limit) => {
      const handshake = new ClientHandshake(socket, limit)
      await handshake.greet()
      return handshake.open('x', [context])
    })
    await later()
    expect(Buffer.concat(sent).toString('hex')).toBe(
      [
        '00000003', // fixed newstyle, no zeroes
        '49484156454f5054' + '00000008' + '00000000', // structured replies
        '49484156454f5054' + '0000000a' + '0000001c', // contexts: 28 bytes
        `0000000178${'00000001'}${'0000000f'}${Buffer.from(context).toString('hex')}`,
        '49484156454f5054' + '00000007' + '00000009', // go: 9 bytes
        '00000001' + '78' + '0001' + '0003',
      ].join(''),
    )
    expect(agreed).toMatchObject({
      sizeBytes: 4096,
      structured: true,
      flags: { readOnly: false, flush: true, fua: true, trim: true, writeZeroes: true, multiConn: false },
    })
    expect([...agreed.contexts]).toEqual([[context, 1]])
  })

  it('does without chunks where the server has none, but not without a context that was asked for', async () => {
    const { client } = await connect({ structured: false }, ({ cookie, length }) =>
      simpleReply(cookie, 0, Buffer.alloc(length, 7)),
    )
    expect(await client.read(0, 10)).toEqual(Buffer.alloc(10, 7))
    expect(await failure(connect({ structured: false, contexts: [context] }))).toMatchObject({ code: 'unsupported' })
    const talk = Buffer.concat([
      greeting(),
      encodeOptionReply(option.structuredReply, optionReply.ack),
      encodeOptionReply(option.setMetaContext, optionReply.ack),
    ])
    const error = await failure(connect({ talk, contexts: [context] }))
    expect([error.code, error.message]).toEqual(['unsupported', expect.stringContaining(context)])
  })

  it.each([
    ['unknown', optionReply.unknown, 'no-export'],
    ['policy', optionReply.policy, 'refused'],
    ['TLS', optionReply.tlsRequired, 'tls'],
    ['shutdown', optionReply.shutdown, 'shutting-down'],
    ['something else', 2 ** 31 + 77, 'refused'],
  ])('tells a refusal apart: %s', async (_name, type, code) => {
    const talk = Buffer.concat([
      greeting(),
      encodeOptionReply(option.structuredReply, optionReply.ack),
      encodeOptionReply(option.go, type, Buffer.from('go away')),
    ])
    const error = await failure(connect({ talk }))
    expect([error.code, error.message]).toEqual([code, expect.stringContaining('go away')])
  })

  const consent = encodeOptionReply(option.structuredReply, optionReply.ack)
  const go = encodeOptionReply(option.go, optionReply.ack)
  it.each([
    ['another protocol', Buffer.from('SSH-2.0-OpenSSH_9.2p1 Debian\r\n')],
    ['an old protocol', greeting(0)],
    ['an answer to something else', Buffer.concat([greeting(), encodeOptionReply(option.list, optionReply.ack)])],
    ['an answer that is too long', Buffer.concat([greeting(), consent.subarray(0, 16), uint32(2 ** 31)])],
    ['no size', Buffer.concat([greeting(), consent, go])],
    ['a size beyond all measure', Buffer.concat([greeting(), consent, exportInfo(2n ** 63n), go])],
    ['impossible blocks', Buffer.concat([greeting(), consent, exportInfo(512), blockSizeInfo(3, 4096, 65536), go])],
    ['blocks of nothing', Buffer.concat([greeting(), consent, exportInfo(512), blockSizeInfo(0, 4096, 65536), go])],
  ])('refuses %s', async (_name, talk) => {
    expect((await failure(connect({ talk }))).code).toBe('protocol')
  })

  it('rejects when the connection is cut at any byte', async () => {
    const talk = handshakeBytes({ contexts: [context] })
    for (let cutAfterBytes = 0; cutAfterBytes < talk.length; cutAfterBytes++) {
      const cutBy = cutAfterBytes % 2 ? 'end' : 'reset'
      const error = await failure(connect({ contexts: [context], faults: { cutAfterBytes, cutBy } }))
      expect(error.code).toBe('closed')
    }
  })
})
