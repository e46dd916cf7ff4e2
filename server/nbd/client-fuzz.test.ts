import { describe, expect, it } from 'vitest'
import { connectFaulty as connect } from '#server/testing/faulty-nbd.ts'
import { NbdError } from './error.ts'
import { random, spoil } from './testing/random.ts'
import { context } from './testing/scripted-connection.ts'
import { dataChunk, handshakeBytes, holeChunk, statusChunk } from './testing/scripted-server.ts'
import { command } from './wire.ts'

describe('whatever a server sends', () => {
  it('ends in an answer or an NbdError', async () => {
    const outcomes = new Map<string, number>()
    for (let seed = 1; seed <= 1500; seed++) {
      const next = random(seed)
      const spoilt = (bytes: Buffer) => {
        spoil(bytes, next(4), next)
        return next(10) === 0 ? bytes.subarray(0, next(bytes.length)) : bytes
      }
      const talk =
        seed % 3 === 0 ? spoilt(handshakeBytes({ contexts: [context] })) : handshakeBytes({ contexts: [context] })
      const faults = { pieceBytes: 1 + next(64) }
      const work = connect(
        { contexts: [context], talk, faults, endAfterMs: 4 },
        ({ cookie, command: type, offset, length }) => {
          const whole =
            type === command.blockStatus
              ? statusChunk(cookie, 1, length, 1)
              : Buffer.concat([
                  dataChunk(cookie, offset, Buffer.alloc(length - 4, 1), false),
                  holeChunk(cookie, offset + length - 4, 4),
                ])
          return spoilt(whole)
        },
      ).then(async ({ client }) => {
        const reads = [0, 64, 4096].map((offset) => client.read(offset, 64, { timeoutMs: 1000 }))
        const status = (async () => {
          for await (const _ of client.extents(context, 0, 8192, { timeoutMs: 1000 }));
        })()
        const settled = await Promise.allSettled([...reads, status])
        client.destroy()
        return settled.map((each) => (each.status === 'fulfilled' ? 'answer' : (each.reason as unknown)))
      })
      const ends = await work.catch((error: unknown) => [error])
      for (const end of ends) {
        if (end !== 'answer' && !(end instanceof NbdError)) throw end
        const word = end instanceof NbdError ? end.code : 'answer'
        expect(word).not.toBe('timeout')
        outcomes.set(word, (outcomes.get(word) ?? 0) + 1)
      }
    }
    expect([...outcomes.keys()]).toEqual(expect.arrayContaining(['answer', 'protocol', 'closed']))
  }, 60_000)
})
