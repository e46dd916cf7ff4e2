/**
 * A qcow2 file as it passes by, with another name of the file that it stands on. Of the header nothing else changes, and
 * of what comes after the first cluster nothing at all: so its snapshots and the marks for backups stay what they are.
 *
 * The format, as QEMU's docs/interop/qcow2.txt has it: the header, then its extensions up to one of type 0, then the
 * name, somewhere in what is left of the first cluster.
 */
import { basename } from 'node:path'
import { SkerryError, unsupported } from '#server/errors.ts'

const magic = 0x51_46_49_fb
const at = {
  ...{ version: 4, nameOffset: 8, nameBytes: 16, clusterBits: 20 },
  ...{ incompatible: 72, headerBytes: 100 },
}
/** What version 2 has, and version 3 at least */
const headerBytes = { 2: 72, 3: 104 } as const
/** Not closed properly, damaged, compressed otherwise, with parts of clusters: none of it changes what the header is. */
const known = 0b1_1011n
const keptElsewhere = 0b100n
const maxNameBytes = 1023
const extension = { end: 0, headBytes: 8, alignBytes: 8 } as const
/** So much tells how large the first cluster is */
const headBytes = 24

export interface NewBacking {
  from: string
  to: string
}

/**
 * @param backing the path of what it stands on, and the new one; null for one that stands on nothing
 * @param fileName for messages
 * @throws unsupported for a file that is not what it should be, or has no room for the name
 */
export async function* withBackingPath(
  bytes: AsyncIterable<Uint8Array>,
  backing: NewBacking | null,
  fileName: string,
): AsyncIterable<Uint8Array> {
  const first: Uint8Array[] = []
  let gathered = 0
  let needed = headBytes
  let isThrough = false
  for await (const chunk of bytes) {
    if (isThrough) {
      yield chunk
      continue
    }
    first.push(chunk)
    gathered += chunk.length
    if (gathered >= needed && needed === headBytes) needed = clusterBytes(Buffer.concat(first), fileName)
    if (gathered < needed) continue
    yield rewritten(Buffer.concat(first), backing, fileName)
    isThrough = true
  }
  // One that is empty but for its header may be shorter than a cluster.
  if (!isThrough) yield rewritten(Buffer.concat(first), backing, fileName)
}

function clusterBytes(file: Buffer, fileName: string): number {
  if (file.length < headBytes || file.readUInt32BE(0) !== magic)
    throw unsupported(`${fileName} is no qcow2 file.`, shared)
  const bits = file.readUInt32BE(at.clusterBits)
  if (bits < 9 || bits > 21) throw damaged(fileName, `cluster_bits is ${bits}`)
  return 2 ** bits
}

const shared = 'Choose a host that shares its storage.'
const again = 'Try again, and let nobody change it.'

/** @param file its beginning, of a cluster at least, or all of it */
function rewritten(file: Buffer, backing: NewBacking | null, fileName: string): Buffer {
  const cluster = file.subarray(0, clusterBytes(file, fileName))
  const end = extensionsEnd(cluster, fileName)
  const oldOffset = Number(cluster.readBigUInt64BE(at.nameOffset))
  const oldBytes = cluster.readUInt32BE(at.nameBytes)
  if ((oldOffset !== 0) !== (backing !== null)) {
    const [does, should] = backing === null ? ['stands', 'should not'] : ['does not stand', 'should']
    throw unsupported(`${fileName} ${does} on another file, and ${should}.`, again)
  }
  if (backing === null) return file
  if (oldOffset < end || oldBytes > maxNameBytes || oldOffset + oldBytes > cluster.length) {
    throw damaged(fileName, `its backing file's name is ${oldBytes} bytes at ${oldOffset}`)
  }
  const oldName = cluster.toString('utf8', oldOffset, oldOffset + oldBytes)
  if (!oldName.startsWith('json:') && basename(oldName) !== basename(backing.from)) {
    throw unsupported(
      `${fileName} stands on ${basename(oldName)} and not on ${basename(backing.from)} any more.`,
      again,
    )
  }
  const name = Buffer.from(backing.to)
  const offset = oldOffset + name.length <= clusterBytes(file, fileName) ? oldOffset : end
  const needed = offset + name.length
  if (name.length > maxNameBytes || needed > clusterBytes(file, fileName)) {
    throw unsupported(
      `${fileName} has no room for the name of the file that it will stand on.`,
      'Choose a storage pool with a shorter path.',
    )
  }
  const changed = Buffer.alloc(Math.max(file.length, needed))
  file.copy(changed)
  changed.fill(0, oldOffset, oldOffset + oldBytes)
  name.copy(changed, offset)
  changed.writeBigUInt64BE(BigInt(offset), at.nameOffset)
  changed.writeUInt32BE(name.length, at.nameBytes)
  return changed
}

/** Where the header with its extensions ends. */
function extensionsEnd(cluster: Buffer, fileName: string): number {
  const version = cluster.readUInt32BE(at.version)
  if (version !== 2 && version !== 3)
    throw unsupported(`${fileName} is qcow2 of version ${version}, which is not known.`, shared)
  if (cluster.length < headerBytes[version]) throw damaged(fileName, `${cluster.length} bytes`)
  if (version === 3) requireKnown(cluster.readBigUInt64BE(at.incompatible), fileName)
  let offset = version === 3 ? cluster.readUInt32BE(at.headerBytes) : headerBytes[2]
  if (offset < headerBytes[version]) throw damaged(fileName, `a header of ${offset} bytes`)
  // Where there is no extension, the name may follow at once.
  const nameOffset = Number(cluster.readBigUInt64BE(at.nameOffset))
  const limit = nameOffset > 0 ? Math.min(nameOffset, cluster.length) : cluster.length
  while (offset + extension.headBytes <= limit) {
    const [type, length] = [cluster.readUInt32BE(offset), cluster.readUInt32BE(offset + 4)]
    offset += extension.headBytes
    if (type === extension.end) return offset
    offset += Math.ceil(length / extension.alignBytes) * extension.alignBytes
  }
  if (offset > limit) throw damaged(fileName, `an extension ends at ${offset}`)
  return offset
}

function requireKnown(features: bigint, fileName: string): void {
  if (features & keptElsewhere)
    throw unsupported(`${fileName} keeps its data in another file, which would stay behind.`, shared)
  if (features & ~known) throw unsupported(`${fileName} uses features of qcow2 that Skerry does not know.`, shared)
}

const damaged = (fileName: string, detail: string) =>
  new SkerryError('unsupported', `The header of ${fileName} is damaged.`, {
    wayOut: 'Look at it with qemu-img check.',
    detail,
  })
