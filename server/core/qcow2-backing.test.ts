import { expect, test } from 'vitest'
import { withBackingPath } from './qcow2-backing.ts'

const clusterBytes = 512

interface Shape {
  version?: number
  incompatible?: bigint
  extensions?: [type: number, data: string][]
  name?: string | null
  nameAt?: number
}

/** A first cluster as QEMU writes one, and a second. */
function file({ version = 3, incompatible = 0n, extensions = [], name = '/old/base.qcow2', nameAt }: Shape = {}) {
  const bytes = Buffer.alloc(2 * clusterBytes, 0)
  bytes.writeUInt32BE(0x514649fb, 0)
  bytes.writeUInt32BE(version, 4)
  bytes.writeUInt32BE(Math.log2(clusterBytes), 20)
  bytes.writeBigUInt64BE(64n << 20n, 24)
  if (version === 3) {
    bytes.writeBigUInt64BE(incompatible, 72)
    bytes.writeUInt32BE(104, 100)
  }
  let end = version === 3 ? 104 : 72
  for (const [type, data] of extensions) {
    bytes.writeUInt32BE(type, end)
    bytes.writeUInt32BE(data.length, end + 4)
    bytes.write(data, end + 8)
    end += 8 + Math.ceil(data.length / 8) * 8
  }
  end += 8 // the end of extensions
  if (name !== null) {
    bytes.write(name, nameAt ?? end)
    bytes.writeBigUInt64BE(BigInt(nameAt ?? end), 8)
    bytes.writeUInt32BE(name.length, 16)
  }
  bytes.fill(7, clusterBytes)
  return { bytes, end }
}

async function sent(bytes: Buffer, to: string | null, pieceBytes = bytes.length, from = '/elsewhere/base.qcow2') {
  const backing = to === null ? null : { from, to }
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
  }
  const chunks: Uint8Array[] = []
  for await (const chunk of withBackingPath(pieces(), backing, 'web.qcow2')) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function nameIn(bytes: Buffer): string {
  const offset = Number(bytes.readBigUInt64BE(8))
  return bytes.toString('utf8', offset, offset + bytes.readUInt32BE(16))
}
/** All but where the name is and how long. */
const rest = (bytes: Buffer, nameAt: number) =>
  Buffer.concat([bytes.subarray(0, 8), bytes.subarray(20, nameAt), bytes.subarray(clusterBytes)])

const backingFormat: [number, string] = [0xe2792aca, 'qcow2']

test.each([1, 7, 511, 512, 513, 1024])(
  'the name is another, and nothing else, in pieces of %i bytes',
  async (piece) => {
    const { bytes, end } = file({ extensions: [backingFormat, [0x6803f857, 'names of features']] })
    const changed = await sent(bytes, '/new/folder/base é.qcow2', piece)
    expect(nameIn(changed)).toBe('/new/folder/base é.qcow2')
    expect(changed).toHaveLength(bytes.length)
    expect(rest(changed, end)).toEqual(rest(bytes, end))
  },
)

test('a shorter name leaves nothing of the longer one; version 2 has no features', async () => {
  const { bytes } = file({ version: 2, extensions: [backingFormat] })
  const changed = await sent(bytes, '/b')
  expect(nameIn(changed)).toBe('/b')
  expect(changed.includes('base.qcow2')).toBe(false)
})

test('a name that stands at the end of the cluster goes where there is room, after the extensions', async () => {
  const { bytes, end } = file({ extensions: [backingFormat], nameAt: clusterBytes - 15 })
  const long = `/${'x'.repeat(clusterBytes - end - 1)}`
  const changed = await sent(bytes, long)
  expect(nameIn(changed)).toBe(long)
  expect(Number(changed.readBigUInt64BE(8))).toBe(end)
  await expect(sent(bytes, `${long}x`)).rejects.toThrow('web.qcow2 has no room for the name')
})

test('a file that ends within its first cluster is made long enough', async () => {
  const { bytes, end } = file()
  const changed = await sent(bytes.subarray(0, end + 15), '/a/longer/name/than/before.qcow2')
  expect(nameIn(changed)).toBe('/a/longer/name/than/before.qcow2')
})

test('one that stands on nothing passes as it is', async () => {
  const { bytes } = file({ name: null })
  expect(await sent(bytes, null, 100)).toEqual(bytes)
  expect(await sent(bytes.subarray(0, 200), null)).toEqual(bytes.subarray(0, 200))
})

test('one that stands on another file than was thought is refused', async () => {
  const { bytes } = file()
  await expect(sent(bytes, '/b', 64, '/old/other.qcow2')).rejects.toThrow(
    'web.qcow2 stands on base.qcow2 and not on other.qcow2 any more',
  )
  const described = file({ name: 'json:{"driver":"qcow2"}' }).bytes
  expect(nameIn(await sent(described, '/b'))).toBe('/b')
})

test.each<[string, Buffer, string | null, RegExp]>([
  ['no qcow2', Buffer.alloc(1024), '/b', /^web.qcow2 is no qcow2 file/],
  ['nothing at all', Buffer.alloc(0), null, /is no qcow2 file/],
  ['version 1', file({ version: 1 }).bytes, '/b', /version 1/],
  ['data in another file', file({ incompatible: 4n }).bytes, '/b', /keeps its data in another file/],
  ['what is not known', file({ incompatible: 32n }).bytes, '/b', /features of qcow2/],
  ['a name that is not expected', file().bytes, null, /stands on another file, and should not/],
  ['a name that is missing', file({ name: null }).bytes, '/b', /does not stand on another file, and should/],
  ['a name within the header', file({ nameAt: 40 }).bytes, '/b', /header of web.qcow2 is damaged/],
  ['a name beyond its cluster', file({ nameAt: 510 }).bytes, '/b', /damaged/],
  ['a name too long', file().bytes, `/${'x'.repeat(1023)}`, /no room/],
  ['an extension beyond the name', file({ extensions: [[1, 'x'.repeat(64)]], nameAt: 120 }).bytes, '/b', /damaged/],
])('refused: %s', async (_, bytes, backing, reason) => {
  await expect(sent(bytes, backing)).rejects.toThrow(reason)
})
