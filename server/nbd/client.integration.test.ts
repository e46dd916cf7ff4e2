import { createHash, randomBytes } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { makeAuthority } from '../libvirt/testing/certificate.ts'
import { freePort } from '../libvirt/testing/free-port.ts'
import { connectNbd, listNbdExports } from './connect.ts'
import type { Extent } from './extent.ts'
import { codeOf } from './testing/failure.ts'
import { QemuNbd, qemu } from './testing/qemu-nbd.ts'
import { allocationFlag, dirtyFlag } from './wire.ts'

const MIB = 2 ** 20
const imageBytes = 48 * MIB
let folder: string
let raw: string
const servers: QemuNbd[] = []

const at = (name: string) => path.join(folder, name)

async function serve(name: string, ...args: string[]) {
  const socketPath = at(`${name}.sock`)
  servers.push(await QemuNbd.start({ socketPath }, ['-k', socketPath, '-x', 'disk', ...args]))
  return { socketPath, exportName: 'disk' }
}

async function all(extents: AsyncIterable<Extent>): Promise<Extent[]> {
  const found: Extent[] = []
  for await (const extent of extents) found.push(extent)
  return found
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'skerry-nbd-'))
  raw = at('disk.raw')
  const file = await open(raw, 'w')
  await file.truncate(imageBytes)
  for (const [offset, length] of [
    [0, 3 * MIB],
    [5 * MIB + 4096, 64 * 1024],
    [20 * MIB, 7 * MIB],
    [imageBytes - 4096, 4096],
  ] as const) {
    await file.write(randomBytes(length), 0, length, offset)
  }
  await file.close()
})

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop('SIGKILL')))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

test('a disk read whole, at once and in pieces, is the file', async () => {
  const file = await open(raw)
  const expected = sha256(await file.readFile())
  await file.close()
  const client = await connectNbd(await serve('whole', '-f', 'raw', '-r', raw))
  expect(client.sizeBytes).toBe(imageBytes)
  expect(client.flags).toMatchObject({ readOnly: true, flush: true })
  expect(sha256(await client.read(0, imageBytes))).toBe(expected)
  const odd = 100_003
  const offsets = Array.from({ length: Math.ceil(imageBytes / odd) }, (_, index) => index * odd)
  const parts = await Promise.all(offsets.map((offset) => client.read(offset, Math.min(odd, imageBytes - offset))))
  expect(sha256(Buffer.concat(parts))).toBe(expected)
  expect(await codeOf(client.write(0, Buffer.from('x')))).toBe('read-only')
  await client.close()
})

test('what is allocated, and what a dirty bitmap marks, is what qemu-img tells', async () => {
  const image = at('marked.qcow2')
  await qemu('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', raw, image)
  await qemu('qemu-img', 'bitmap', '--add', '-g', '65536', image, 'since')
  const writes = ['write -P 1 1M 4k', 'write -P 2 17M 200k', 'write -z 30M 1M', `write -P 3 ${imageBytes - 512} 512`]
  await qemu('qemu-io', '-f', 'qcow2', ...writes.flatMap((each) => ['-c', each]), image)
  const dirty = 'qemu:dirty-bitmap:since'
  const server = await serve('marked', '-f', 'qcow2', '-r', '-B', 'since', image)
  const client = await connectNbd({ ...server, contexts: ['base:allocation', dirty] })
  const map = async (extra: string): Promise<Record<string, number | boolean>[]> =>
    JSON.parse(
      await qemu(
        'qemu-img',
        'map',
        '--output=json',
        '--image-opts',
        `driver=nbd,server.type=unix,server.path=${server.socketPath},export=disk${extra}`,
      ),
    )
  const allocated = (await all(client.extents('base:allocation', 0, imageBytes))).map(({ offset, length, flags }) => ({
    start: offset,
    length,
    data: (flags & allocationFlag.hole) === 0,
    zero: (flags & allocationFlag.zero) !== 0,
  }))
  expect(allocated).toEqual((await map('')).map(({ start, length, data, zero }) => ({ start, length, data, zero })))
  expect(allocated.length).toBeGreaterThan(5)
  // QEMU shows a bitmap as if clean were data.
  const marked = (await all(client.extents(dirty, 0, imageBytes))).map(({ offset, length, flags }) => ({
    start: offset,
    length,
    data: (flags & dirtyFlag.dirty) === 0,
  }))
  expect(marked).toEqual(
    (await map(`,x-dirty-bitmap=${dirty}`)).map(({ start, length, data }) => ({ start, length, data })),
  )
  const dirtyParts = marked.filter(({ data }) => !data).map(({ start, length }) => [start, length])
  expect(dirtyParts).toEqual([
    [MIB, 65536],
    [17 * MIB, 4 * 65536],
    [30 * MIB, MIB],
    [imageBytes - 65536, 65536],
  ])
  expect(await all(client.extents(dirty, MIB - 10, 20))).toEqual([
    { offset: MIB - 10, length: 10, flags: 0 },
    { offset: MIB, length: 10, flags: 1 },
  ])
  await client.close()
  expect(await codeOf(connectNbd({ ...server, contexts: ['qemu:dirty-bitmap:other'] }))).toBe('unsupported')
})

test('what is written, zeroed and given back is on the disk', async () => {
  const image = at('target.raw')
  await copyFile(raw, image)
  const client = await connectNbd(await serve('target', '-f', 'raw', '--discard=unmap', image))
  const bytes = randomBytes(11 * MIB)
  await client.write(2 * MIB + 512, bytes)
  await client.write(0, Buffer.alloc(512, 0x5a), { fua: true })
  await client.writeZeroes(20 * MIB, MIB)
  await client.writeZeroes(22 * MIB, MIB, { allocate: true, fua: true })
  await client.trim(24 * MIB, MIB)
  await client.flush()
  await client.close()
  await qemu('qemu-io', '-f', 'raw', '-r', '-c', 'read -P 0x5a 0 512', image)
  for (const place of ['20M 1M', '22M 1M']) await qemu('qemu-io', '-f', 'raw', '-r', '-c', `read -P 0 ${place}`, image)
  const file = await open(image)
  const { buffer } = await file.read(Buffer.alloc(bytes.length), 0, bytes.length, 2 * MIB + 512)
  const { blocks } = await file.stat()
  await file.close()
  expect(Buffer.compare(buffer, bytes)).toBe(0)
  // The copy had no holes: what was zeroed without `allocate` and what was given back is one each.
  expect(blocks * 512).toBeLessThan(imageBytes - 2 * MIB + 64 * 1024)
})

test('a server is told apart that is not there, has no such export, dies or hangs', async () => {
  expect(await codeOf(connectNbd({ socketPath: at('nobody.sock'), exportName: 'x' }))).toBe('unreachable')
  expect(await codeOf(connectNbd({ host: '127.0.0.1', port: 1, exportName: 'x' }))).toBe('unreachable')
  const server = await serve('mortal', '-f', 'raw', '-r', raw)
  expect(await codeOf(connectNbd({ ...server, exportName: 'other' }))).toBe('no-export')
  expect(await listNbdExports(server)).toEqual(['disk'])
  const client = await connectNbd(server)
  servers[0]?.freeze()
  expect(await codeOf(client.read(0, 4096, { timeoutMs: 100 }))).toBe('timeout')
  expect(await codeOf(connectNbd({ ...server, timeoutMs: 100 }))).toBe('timeout')
  expect(await codeOf(connectNbd({ ...server, signal: AbortSignal.timeout(50) }))).toBe('aborted')
  const reads = Array.from({ length: 40 }, (_, index) => codeOf(client.read(index * MIB, MIB)))
  servers[0]?.thaw()
  expect(await reads[0]).toBe('success')
  const more = Array.from({ length: 40 }, (_, index) => codeOf(client.read(index * MIB, MIB)))
  await servers[0]?.stop('SIGKILL')
  const ends = await Promise.all([...reads, ...more])
  expect(ends).toContain('closed')
  expect(new Set(ends)).toEqual(new Set(['success', 'closed']))
  await client.closed
  expect(client.unansweredCount).toBe(0)
})

test('TLS with certificates on both sides, and each way in which they do not fit', async () => {
  const authority = await makeAuthority(await mkdtemp(at('ca-')), 'authority')
  const stranger = await makeAuthority(await mkdtemp(at('ca-')), 'stranger')
  const [server, client, unknown] = await Promise.all([
    authority.forServer('server'),
    authority.forClient('client'),
    stranger.forClient('unknown'),
  ])
  const credentials = at('tls')
  await mkdir(credentials)
  await copyFile(authority.certificatePath, path.join(credentials, 'ca-cert.pem'))
  await copyFile(server.certificatePath, path.join(credentials, 'server-cert.pem'))
  await copyFile(server.keyPath, path.join(credentials, 'server-key.pem'))
  const port = await freePort()
  const args = ['-f', 'raw', '-r', '-x', 'disk', '-b', '127.0.0.1', '-p', `${port}`, raw]
  const object = `tls-creds-x509,id=tls,endpoint=server,verify-peer=yes,dir=${credentials}`
  const address = { host: '127.0.0.1', port, exportName: 'disk', timeoutMs: 5000 }
  servers.push(await QemuNbd.start(address, ['--object', object, '--tls-creds', 'tls', ...args]))
  const tls = { authority: authority.certificate, certificate: client.certificate, key: client.key }
  const connection = await connectNbd({ ...address, tls })
  expect((await connection.read(0, 4 * MIB)).length).toBe(4 * MIB)
  await connection.close()
  expect(await listNbdExports({ ...address, tls })).toEqual(['disk'])
  expect(await codeOf(connectNbd(address))).toBe('tls')
  expect(await codeOf(connectNbd({ ...address, tls: { ...tls, authority: stranger.certificate } }))).toBe('tls')
  expect(await codeOf(connectNbd({ ...address, tls: { ...tls, serverName: 'other.example' } }))).toBe('tls')
  const wrong = { authority: authority.certificate, certificate: unknown.certificate, key: unknown.key }
  expect(await codeOf(connectNbd({ ...address, tls: wrong }))).toBe('tls')
  expect(await codeOf(connectNbd({ ...address, tls: { ...tls, key: 'nonsense' } }))).toBe('tls')
  const plain = await serve('plain', '-f', 'raw', '-r', raw)
  expect(await codeOf(connectNbd({ ...plain, tls }))).toMatch(/refused|unsupported/)
})
