import { describe, expect, it } from 'vitest'
import { serverRun } from '#server/testing/nbd-server-run.ts'
import { connectNbd, listNbdExports } from './connect.ts'
import { NbdError } from './error.ts'
import type { NbdExport } from './export.ts'
import { encodeOption, textField, uint16, uint32 } from './option.ts'
import { codeOf } from './testing/failure.ts'
import { MemoryExport } from './testing/memory-export.ts'
import { pattern } from './testing/random.ts'
import type { RawClient } from './testing/raw-client.ts'
import { allocationFlag, command, errno, option, optionReply } from './wire.ts'

const MIB = 2 ** 20
const run = serverRun()

describe('a server', () => {
  it('gives what was put into it, with our own client', async () => {
    const disk = new MemoryExport(pattern(8 * MIB))
    disk.bytes.fill(0, MIB, 3 * MIB)
    const { socketPath } = await run().serve({ disk, other: new MemoryExport(Buffer.alloc(512)) })
    expect(await listNbdExports({ socketPath })).toEqual(['disk', 'other'])
    expect(await codeOf(connectNbd({ socketPath, exportName: 'none' }))).toBe('no-export')
    const client = await connectNbd({ socketPath, exportName: 'disk', contexts: ['base:allocation'] })
    expect([client.sizeBytes, client.flags]).toEqual([
      8 * MIB,
      { readOnly: false, flush: true, fua: true, trim: true, writeZeroes: true, multiConn: true },
    ])
    expect(Buffer.compare(await client.read(0, 8 * MIB), disk.bytes)).toBe(0)
    expect(disk.calls.some((call) => call.startsWith(`read ${MIB}`))).toBe(false)
    const extents = []
    for await (const extent of client.extents('base:allocation', 0, 8 * MIB)) extents.push(extent)
    const hole = allocationFlag.hole | allocationFlag.zero
    expect(extents).toEqual([
      { offset: 0, length: MIB, flags: 0 },
      { offset: MIB, length: 2 * MIB, flags: hole },
      { offset: 3 * MIB, length: 5 * MIB, flags: 0 },
    ])
    disk.calls.length = 0
    const bytes = pattern(5 * MIB).reverse()
    await client.write(100, bytes, { fua: true })
    await client.writeZeroes(0, 50, { allocate: true })
    await client.trim(60, 10)
    await client.flush()
    expect(Buffer.compare(disk.bytes.subarray(100, 100 + bytes.length), bytes)).toBe(0)
    expect(disk.calls.filter((call) => call === 'flush')).toHaveLength(4)
    expect(disk.calls).toEqual(expect.arrayContaining(['zero 0 50 true', 'trim 60 10']))
    expect((await client.read(0, 50)).every((byte) => byte === 0)).toBe(true)
    await client.close()
  })

  it('says this, byte by byte, also to clients of the old kind', async () => {
    const { socketPath } = await run().serve({ disk: new MemoryExport(Buffer.from('0123456789abcdef')) })
    const client = run().rawClient(socketPath)
    expect(await client.greet(1)).toBe(`${Buffer.from('NBDMAGICIHAVEOPT').toString('hex')}0003`)
    client.socket.write(encodeOption(option.exportName, Buffer.from('disk')))
    expect((await client.reader.read(134)).toString('hex')).toBe(`0000000000000010${'016d'}${'00'.repeat(124)}`)
    client.send(command.read, 4, 4, { cookie: 0x1234 })
    expect((await client.reader.read(20)).toString('hex')).toBe(
      `67446698${'00000000'}${'0000000000001234'}${Buffer.from('4567').toString('hex')}`,
    )
    client.send(command.disconnect, 0, 0)
    await expect(client.reader.read(1)).rejects.toMatchObject({ code: 'closed' })
  })

  it('tells who asks wrongly, and goes on', async () => {
    const { socketPath } = await run().serve({ disk: new MemoryExport(Buffer.alloc(4096)) })
    const client = run().rawClient(socketPath)
    await client.greet()
    const type = async (...args: Parameters<RawClient['ask']>) => (await client.ask(...args)).at(-1)?.type
    expect(await type(99)).toBe(optionReply.unsupported)
    expect(await type(option.startTls)).toBe(optionReply.policy)
    expect(await type(option.list, Buffer.from('x'))).toBe(optionReply.invalid)
    expect(await type(option.go, Buffer.from('xx'))).toBe(optionReply.invalid)
    expect(await type(option.go, Buffer.concat([uint32(5000), Buffer.alloc(5000)]))).toBe(optionReply.invalid)
    expect(await type(option.go, Buffer.alloc(100_000))).toBe(optionReply.tooBig)
    expect(await type(option.info, Buffer.concat([textField('none'), uint16(0)]))).toBe(optionReply.unknown)
    const all = Buffer.concat([textField('disk'), uint32(0)])
    expect(await type(option.setMetaContext, all)).toBe(optionReply.invalid)
    expect(await type(option.structuredReply)).toBe(optionReply.ack)
    expect((await client.ask(option.listMetaContext, all)).map(({ data }) => data.toString('utf8', 4))).toEqual([
      'base:allocation',
      '',
    ])
    const base = Buffer.concat([textField('disk'), uint32(1), textField('base:')])
    expect(await client.ask(option.listMetaContext, base)).toHaveLength(2)
    expect(await client.ask(option.setMetaContext, base)).toHaveLength(1)
    expect(await type(option.setMetaContext, Buffer.concat([textField('disk'), uint32(2 ** 30)]))).toBe(
      optionReply.invalid,
    )
    expect(await type(option.info, Buffer.concat([textField('disk'), uint16(1), uint16(2)]))).toBe(optionReply.ack)
    expect((await client.go('disk')).at(-1)?.type).toBe(optionReply.ack)
  })

  it('refuses requests that can not be, and serves those after them', async () => {
    const failing = Object.assign(new MemoryExport(Buffer.alloc(MIB)), {
      async write(offset: number) {
        if (offset === 0) throw new NbdError('no-space', 'write', 'the pool is full')
        throw new Error('/secret/path')
      },
    })
    const readOnly: NbdExport = { sizeBytes: MIB, read: async (_offset, length) => Buffer.alloc(length, 1) }
    const { socketPath } = await run().serve({ failing, readOnly })
    const open = async (name: string) => {
      const client = run().rawClient(socketPath)
      await client.greet()
      await client.go(name)
      return client
    }
    const client = await open('failing')
    const expectError = async (number: number, ...args: Parameters<RawClient['send']>) => {
      client.send(...args)
      expect((await client.simple()).error).toBe(number)
    }
    await expectError(errno.invalid, 77, 0, 0)
    await expectError(errno.invalid, command.cache, 0, 4096)
    await expectError(errno.invalid, command.read, 0, 512, { flags: 0x8000 })
    await expectError(errno.invalid, command.read, MIB - 1, 2)
    await expectError(errno.invalid, command.read, 2n ** 63n, 512)
    await expectError(errno.overflow, command.read, 0, 2 ** 32 - 1)
    await expectError(errno.invalid, command.blockStatus, 0, 512)
    await expectError(errno.noSpace, command.write, MIB, 4, { payload: Buffer.from('full') })
    await expectError(errno.noSpace, command.write, 0, 4, { payload: Buffer.from('full') })
    await expectError(errno.io, command.write, 8, 4, { payload: Buffer.from('full') })
    client.send(command.read, 0, 3)
    expect((await client.simple(3)).data).toEqual(Buffer.alloc(3))
    const other = await open('readOnly')
    for (const type of [command.write, command.writeZeroes, command.trim]) {
      other.send(type, 0, 4, { payload: type === command.write ? Buffer.from('data') : Buffer.alloc(0) })
      expect((await other.simple()).error).toBe(errno.permission)
    }
    other.send(command.flush, 0, 0)
    expect((await other.simple()).error).toBe(errno.invalid)
  })

  it('tells the reason of a failure where it is ours to tell, and nothing of others', async () => {
    const failing: NbdExport = {
      sizeBytes: MIB,
      async read(offset) {
        if (offset === 0) throw new NbdError('io', 'read the recovery point', 'chunk 7 is damaged')
        throw new Error('/secret/path')
      },
    }
    const { socketPath } = await run().serve({ failing })
    const client = await connectNbd({ socketPath, exportName: 'failing' })
    await expect(client.read(0, 10)).rejects.toThrow(/chunk 7 is damaged/)
    const error = await client.read(10, 10).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'io', message: expect.not.stringContaining('secret') })
    await client.close()
  })

  it.each([
    ['no client flags that make sense', uint32(0x8000)],
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['a write that is too long', 'write'],
    ['no request', 'garbage'],
  ])('ends the connection of who sends %s', async (_name, what) => {
    const troubles: Error[] = []
    const { socketPath, server } = await run().serve(
      { disk: new MemoryExport(Buffer.alloc(4096)) },
      { onTrouble: (error) => troubles.push(error) },
    )
    const client = run().rawClient(socketPath)
    if (typeof what === 'string') {
      await client.greet()
      await client.go('disk')
      if (what === 'write') client.send(command.write, 0, 2 ** 31)
      else client.socket.write(Buffer.alloc(28, 0x55))
    } else {
      await client.reader.read(18)
      client.socket.write(what)
    }
    await expect(client.reader.read(1)).rejects.toMatchObject({ code: 'closed' })
    await expect.poll(() => server.connectionCount).toBe(0)
    expect(troubles).toMatchObject([{ code: 'protocol' }])
  })
})
