import { randomBytes } from 'node:crypto'
import { copyFile, type FileHandle, mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { makeAuthority } from '../libvirt/testing/certificate.ts'
import { connectNbd } from './connect.ts'
import { encodeOption } from './option.ts'
import { NbdServer, type NbdServerOptions } from './server.ts'
import { fileExport } from './testing/file-export.ts'
import { MemoryExport } from './testing/memory-export.ts'
import { qemu } from './testing/qemu-nbd.ts'
import { RawClient } from './testing/raw-client.ts'
import { option, optionReply } from './wire.ts'

const MIB = 2 ** 20
const imageBytes = 48 * MIB
let folder: string
let image: string
const servers: NbdServer[] = []
const files: FileHandle[] = []
let count = 0

const at = (name: string) => path.join(folder, name)

async function start(options: Partial<NbdServerOptions> & Pick<NbdServerOptions, 'open'>) {
  const socketPath = at(`${++count}.sock`)
  const server = await NbdServer.start({ listen: { socketPath }, ...options })
  servers.push(server)
  return { server, uri: (name: string) => `nbd+unix:///${name}?socket=${socketPath}`, socketPath }
}

async function file(name: string, sizeBytes: number) {
  const handle = await open(at(name), 'w+')
  files.push(handle)
  await handle.truncate(sizeBytes)
  return handle
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'skerry-nbd-'))
  const raw = await file('source.raw', imageBytes)
  for (const [offset, length] of [
    [0, MIB],
    [9 * MIB, 7 * MIB],
    [30 * MIB + 512, 100_000],
  ] as const) {
    await raw.write(randomBytes(length), 0, length, offset)
  }
  image = at('source.qcow2')
  await qemu('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', at('source.raw'), image)
})

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
  await Promise.all(files.splice(0).map((handle) => handle.close()))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

test('qemu-img writes a disk into an export, and finds it identical there', async () => {
  const target = await file('target.raw', imageBytes)
  const { uri } = await start({ open: (name) => (name === 'target' ? fileExport(target, imageBytes) : undefined) })
  await qemu('qemu-img', 'convert', '-n', '-f', 'qcow2', '-O', 'raw', '-W', image, uri('target'))
  expect(await qemu('qemu-img', 'compare', '-f', 'raw', '-F', 'qcow2', uri('target'), image)).toContain('identical')
  expect(await qemu('qemu-img', 'compare', '-f', 'raw', '-F', 'qcow2', at('target.raw'), image)).toContain('identical')
  await expect(qemu('qemu-img', 'info', uri('other'))).rejects.toThrow(/export/)
})

test('a read-only export is the base of a clone, which is as large as what was changed', async () => {
  const source = await open(at('source.raw'))
  files.push(source)
  const { uri } = await start({ open: () => fileExport(source, imageBytes, true), list: () => ['point'] })
  const clone = at('clone.qcow2')
  await qemu('qemu-img', 'create', '-f', 'qcow2', '-b', uri('point'), '-F', 'raw', clone)
  await qemu('qemu-io', '-f', 'qcow2', '-c', 'read 9M 1M', '-c', 'write -P 7 9M 64k', '-c', 'read -P 7 9M 64k', clone)
  await qemu('qemu-img', 'convert', '-f', 'qcow2', '-O', 'raw', clone, at('flat.raw'))
  const expected = await file('expected.raw', imageBytes)
  await copyFile(at('source.raw'), at('expected.raw'))
  await expected.write(Buffer.alloc(65536, 7), 0, 65536, 9 * MIB)
  expect(await qemu('qemu-img', 'compare', at('flat.raw'), at('expected.raw'))).toContain('identical')
  await expect(qemu('qemu-io', '-f', 'raw', '-c', 'write 0 512', uri('point'))).rejects.toThrow(
    /read-only|permission|Permission/,
  )
})

test('QEMU sees holes, writes, zeroes, gives back and flushes', async () => {
  const disk = new MemoryExport(Buffer.alloc(8 * MIB))
  disk.bytes.fill(5, MIB, 2 * MIB)
  const { uri, socketPath } = await start({ open: () => disk, list: () => ['disk', 'other'] })
  const map = JSON.parse(await qemu('qemu-img', 'map', '--output=json', '-f', 'raw', uri('disk')))
  expect(map.map(({ start, length, zero }: Record<string, unknown>) => ({ start, length, zero }))).toEqual([
    { start: 0, length: MIB, zero: true },
    { start: MIB, length: MIB, zero: false },
    { start: 2 * MIB, length: 6 * MIB, zero: true },
  ])
  disk.calls.length = 0
  const script = ['write -P 9 4M 300k', 'write -f -P 8 5M 512', 'write -z 1M 64k', 'discard 6M 1M', 'flush']
  await qemu('qemu-io', '-f', 'raw', '-d', 'unmap', ...script.flatMap((each) => ['-c', each]), uri('disk'))
  expect(disk.bytes.subarray(4 * MIB, 4 * MIB + 300 * 1024).every((byte) => byte === 9)).toBe(true)
  expect(disk.bytes.subarray(MIB, MIB + 65536).every((byte) => byte === 0)).toBe(true)
  expect(disk.calls).toEqual(
    expect.arrayContaining([`zero ${MIB} 65536 true`, `trim ${6 * MIB} ${MIB}`, 'flush', `write ${5 * MIB} 512`]),
  )
  expect(disk.calls[disk.calls.indexOf(`write ${5 * MIB} 512`) + 1]).toBe('flush')
  const list = await qemu('qemu-nbd', '--list', '-k', socketPath)
  expect(list).toContain("export: 'other'")
  expect(list).toContain('base:allocation')
})

test('TLS: QEMU with its certificate is let in and known, a stranger and one without are not', async () => {
  const authority = await makeAuthority(await mkdtemp(at('ca-')), 'authority')
  const stranger = await makeAuthority(await mkdtemp(at('ca-')), 'stranger')
  const [server, client, unknown] = await Promise.all([
    authority.forServer('server'),
    authority.forClient('host-seven'),
    stranger.forClient('unknown'),
  ])
  const credentials = async (name: string, certificate: typeof client) => {
    await mkdir(at(name))
    await copyFile(authority.certificatePath, path.join(at(name), 'ca-cert.pem'))
    await copyFile(certificate.certificatePath, path.join(at(name), 'client-cert.pem'))
    await copyFile(certificate.keyPath, path.join(at(name), 'client-key.pem'))
    return at(name)
  }
  const source = await open(at('source.raw'))
  files.push(source)
  const peers: (string | null)[] = []
  const troubles: string[] = []
  const { server: running } = await start({
    listen: { host: '127.0.0.1', port: 0 },
    tls: { authority: authority.certificate, certificate: server.certificate, key: server.key },
    open: (name, { commonName, fingerprint }) => {
      peers.push(commonName)
      return name === 'point' && commonName === 'host-seven' && fingerprint?.length === 64
        ? fileExport(source, imageBytes, true)
        : undefined
    },
    onTrouble: (error) => troubles.push(error.message),
  })
  const address = running.address
  if (!('port' in address)) throw new Error('it has no port')
  const compare = (folderOf: string) =>
    qemu(
      'qemu-img',
      'compare',
      '--object',
      `tls-creds-x509,id=tls,endpoint=client,dir=${folderOf}`,
      '--image-opts',
      `driver=raw,file.driver=nbd,file.host=127.0.0.1,file.port=${address.port},file.export=point,file.tls-creds=tls`,
      `driver=raw,file.filename=${at('source.raw')}`,
    )
  expect(await compare(await credentials('known', client))).toContain('identical')
  expect(new Set(peers)).toEqual(new Set(['host-seven']))
  await expect(compare(await credentials('unknown', unknown))).rejects.toThrow()
  await expect(qemu('qemu-img', 'info', `nbd://127.0.0.1:${address.port}/point`)).rejects.toThrow(/TLS/)
  const tls = { authority: authority.certificate, certificate: client.certificate, key: client.key }
  const own = await connectNbd({ ...address, exportName: 'point', tls })
  expect((await own.read(0, 4 * MIB)).length).toBe(4 * MIB)
  await own.close()
  const wrong = { ...tls, certificate: unknown.certificate, key: unknown.key }
  await expect(connectNbd({ ...address, exportName: 'point', tls: wrong })).rejects.toMatchObject({ code: 'tls' })
  expect(troubles.length).toBeGreaterThan(0)
})

test('TLS: who stops half-way or slips in words before it is dropped', async () => {
  const authority = await makeAuthority(await mkdtemp(at('ca-')), 'authority')
  const { certificate, key } = await authority.forServer('server')
  const troubles: string[] = []
  const { server, socketPath } = await start({
    tls: { authority: authority.certificate, certificate, key },
    open: () => new MemoryExport(Buffer.alloc(512)),
    onTrouble: (error) => troubles.push(error.message),
    limits: { handshakeMs: 500 },
  })
  const early = new RawClient(socketPath)
  await early.greet()
  early.socket.write(Buffer.concat([encodeOption(option.startTls), encodeOption(option.list)]))
  await expect(early.reader.read(21)).rejects.toMatchObject({ code: 'closed' })
  const plain = new RawClient(socketPath)
  await plain.greet()
  expect((await plain.ask(option.list)).at(-1)?.type).toBe(optionReply.tlsRequired)
  expect((await plain.go('disk')).at(-1)?.type).toBe(optionReply.tlsRequired)
  plain.socket.write(encodeOption(option.exportName, Buffer.from('disk')))
  await expect(plain.reader.read(1)).rejects.toMatchObject({ code: 'closed' })
  const stalled = new RawClient(socketPath)
  await stalled.greet()
  expect((await stalled.ask(option.startTls)).at(-1)?.type).toBe(optionReply.ack)
  await expect(stalled.reader.read(1)).rejects.toMatchObject({ code: 'closed' })
  await expect.poll(() => server.connectionCount).toBe(0)
  expect(troubles).toHaveLength(3)
  expect(troubles[0]).toContain('nobody had asked for')
})

test('many clients at once, each with its own disk', async () => {
  const disks = await Promise.all(Array.from({ length: 6 }, (_, index) => file(`disk-${index}.raw`, imageBytes)))
  const { uri } = await start({
    open: (name) => {
      const disk = disks[Number(name)]
      return disk && fileExport(disk, imageBytes)
    },
  })
  await Promise.all(
    disks.map((_, index) => qemu('qemu-img', 'convert', '-n', '-f', 'qcow2', '-O', 'raw', image, uri(`${index}`))),
  )
  for (const index of disks.keys()) {
    expect(await qemu('qemu-img', 'compare', at(`disk-${index}.raw`), at('source.raw'))).toContain('identical')
  }
})
