import { stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { serverRun } from '#server/testing/nbd-server-run.ts'
import { connectNbd } from './connect.ts'
import type { NbdExport } from './export.ts'
import { NbdServer } from './server.ts'
import { codeOf } from './testing/failure.ts'
import { MemoryExport } from './testing/memory-export.ts'
import { pattern } from './testing/random.ts'
import { command } from './wire.ts'

const MIB = 2 ** 20
const run = serverRun()

describe('a server under load', () => {
  it('holds little for who does not read, and lets go when they leave', async () => {
    const disk = new MemoryExport(pattern(16 * MIB))
    const signals: AbortSignal[] = []
    const read = disk.read.bind(disk)
    const watched = Object.assign(disk, {
      read: (offset: number, length: number, signal?: AbortSignal) => {
        if (signal) signals.push(signal)
        return read(offset, length)
      },
    })
    const window = { requests: 8, bytes: 4 * MIB }
    const { socketPath, server } = await run().serve({ disk: watched }, { limits: { window } })
    const client = run().rawClient(socketPath)
    await client.greet()
    await client.go('disk')
    client.socket.pause()
    for (let cookie = 0; cookie < 500; cookie++) client.send(command.read, 0, MIB, { cookie })
    await delay(100)
    expect(server.load.bytes).toBeGreaterThan(0)
    expect(server.load.bytes).toBeLessThanOrEqual(4 * MIB)
    expect(disk.calls.length).toBeLessThan(20)
    // Others are served meanwhile.
    const other = await connectNbd({ socketPath, exportName: 'disk' })
    expect((await other.read(0, 8 * MIB)).length).toBe(8 * MIB)
    await other.close()
    client.socket.destroy()
    await expect.poll(() => server.connectionCount).toBe(0)
    expect(signals[0]?.aborted).toBe(true)
  })

  it('waits for writes that nobody takes, instead of reading more', async () => {
    let written = 0
    const stuck: NbdExport = {
      sizeBytes: 2 ** 30,
      read: async (_offset, length) => Buffer.alloc(length),
      write: (_offset, bytes) => {
        written += bytes.length
        return new Promise(() => {})
      },
    }
    const { socketPath, server } = await run().serve(
      { stuck },
      { limits: { window: { requests: 100, bytes: 4 * MIB } } },
    )
    const client = run().rawClient(socketPath)
    await client.greet()
    await client.go('stuck')
    for (let cookie = 0; cookie < 64; cookie++) {
      client.send(command.write, 0, MIB, { cookie, payload: Buffer.alloc(MIB) })
    }
    await delay(200)
    expect(written).toBe(4 * MIB)
    expect(server.load).toEqual({ requests: 4, bytes: 4 * MIB })
    expect(client.socket.writableLength).toBeGreaterThan(40 * MIB)
    client.socket.destroy()
  })

  it('turns away who is too many, too slow, or too early', async () => {
    const { socketPath, server } = await run().serve(
      { disk: new MemoryExport(Buffer.alloc(512)) },
      { limits: { connections: 2, handshakeMs: 100 } },
    )
    const first = await connectNbd({ socketPath, exportName: 'disk' })
    const slow = run().rawClient(socketPath)
    await slow.greet()
    expect(await codeOf(connectNbd({ socketPath, exportName: 'disk' }))).toBe('closed')
    await expect(slow.reader.read(1)).rejects.toMatchObject({ code: 'closed' })
    await expect.poll(() => server.connectionCount).toBe(1)
    await delay(120)
    expect((await first.read(0, 512)).length).toBe(512)
    await first.close()
  })

  it('ends what is open under a name, and everything with itself, after answering', async () => {
    const asked = Promise.withResolvers<void>()
    const released = Promise.withResolvers<void>()
    const slow: NbdExport = {
      sizeBytes: 512,
      read: async (_offset, length) => {
        asked.resolve()
        await released.promise
        return Buffer.alloc(length, 3)
      },
    }
    const { socketPath, server } = await run().serve({ slow, quick: new MemoryExport(Buffer.alloc(512)) })
    const [first, second] = await Promise.all([
      connectNbd({ socketPath, exportName: 'slow' }),
      connectNbd({ socketPath, exportName: 'quick' }),
    ])
    await server.disconnect('quick')
    await second.closed
    const reading = first.read(0, 512)
    await asked.promise
    const closing = server.close()
    await delay(20)
    released.resolve()
    expect((await reading)[0]).toBe(3)
    await closing
    await first.closed
    expect(await codeOf(connectNbd({ socketPath, exportName: 'quick' }))).toBe('unreachable')
  })

  it('takes the place of one that crashed, not of one that lives, and its socket is its own', async () => {
    const { socketPath } = await run().serve({})
    expect((await stat(socketPath)).mode & 0o777).toBe(0o600)
    await expect(NbdServer.start({ listen: { socketPath }, open: () => undefined })).rejects.toMatchObject({
      code: 'unreachable',
    })
    const file = path.join(run().folder, 'file')
    await writeFile(file, 'precious')
    await expect(NbdServer.start({ listen: { socketPath: file }, open: () => undefined })).rejects.toMatchObject({
      code: 'unreachable',
    })
    expect((await stat(file)).size).toBe(8)
  })
})
