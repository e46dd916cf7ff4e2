import { randomBytes } from 'node:crypto'
import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { serverRun } from '#server/testing/nbd-server-run.ts'
import { connectNbd } from './connect.ts'
import { encodeOption, textField, uint16, uint32 } from './option.ts'
import { MemoryExport } from './testing/memory-export.ts'
import { random, spoil } from './testing/random.ts'
import { requestBytesOf } from './testing/raw-client.ts'
import { command, commandFlag, option } from './wire.ts'

const run = serverRun()

describe('whatever a client sends', () => {
  const talk = Buffer.concat([
    uint32(3),
    encodeOption(option.list),
    encodeOption(option.structuredReply),
    encodeOption(option.setMetaContext, Buffer.concat([textField('disk'), uint32(1), textField('base:allocation')])),
    encodeOption(option.go, Buffer.concat([textField('disk'), uint16(1), uint16(3)])),
  ])
  const requests = Buffer.concat([
    requestBytesOf(command.read, 0, 8192),
    requestBytesOf(command.write, 512, 512, { flags: commandFlag.fua, payload: Buffer.alloc(512, 9) }),
    requestBytesOf(command.blockStatus, 0, 65536),
    requestBytesOf(command.writeZeroes, 0, 512),
    requestBytesOf(command.flush, 0, 0),
    requestBytesOf(command.disconnect, 0, 0),
  ])

  it('harms nobody else, whether cut at any byte or spoilt', async () => {
    const disk = new MemoryExport(randomBytes(65536))
    const { socketPath, server } = await run().serve({ disk })
    const whole = Buffer.concat([talk, requests])
    const cases: Buffer[] = []
    for (let cut = 0; cut < whole.length; cut += cut < talk.length + 28 ? 1 : 13) cases.push(whole.subarray(0, cut))
    for (let seed = 1; seed <= 600; seed++) {
      const next = random(seed)
      const bytes = Buffer.from(whole)
      spoil(bytes, 1 + next(4), next, seed % 2 ? talk.length : bytes.length)
      cases.push(bytes)
    }
    for (const bytes of cases) {
      const socket = net.connect(socketPath)
      socket.on('error', () => {})
      socket.resume()
      socket.end(bytes)
      await new Promise((resolve) => socket.once('close', resolve))
    }
    await expect.poll(() => server.connectionCount).toBe(0)
    expect(server.load).toEqual({ requests: 0, bytes: 0 })
    const client = await connectNbd({ socketPath, exportName: 'disk' })
    expect(Buffer.compare(await client.read(0, 65536), disk.bytes)).toBe(0)
    await client.close()
  }, 60_000)
})
