import { type ByteSource, partOf, readUpTo } from './byte-source.ts'
import { openExt } from './ext.ts'
import { isExt, superblockBytes, superblockOffset } from './ext-layout.ts'
import { openFat } from './fat.ts'
import type { FileSystem } from './file-tree.ts'
import { readPartitions } from './partition.ts'
import { ReadError } from './read-error.ts'
import type { ReadLimit } from './read-limit.ts'
import { recognise } from './signature.ts'

/** A partition of a disk, or a whole disk without partitions. */
export interface Volume {
  /** As the guest's system counts it; 0 is the whole disk */
  readonly number: number
  readonly name: string
  readonly startBytes: number
  readonly sizeBytes: number
  /** What is on it; nothing where nobody knows */
  readonly kind: string | undefined
  readonly label: string
  readonly warning: string | undefined
  /** Why its files can't be shown */
  readonly obstacle: string | undefined
}

interface Place {
  number: number
  name: string
  startBytes: number
  sizeBytes: number
}

const unknown = 'Nothing that is known here is on it: it may be empty, or written by a program directly.'

async function placesOf(disk: ByteSource, limit: ReadLimit): Promise<Place[]> {
  const whole = { number: 0, name: '', startBytes: 0, sizeBytes: disk.sizeBytes }
  // The first sector of FAT ends as a partition table does, and holds what may look like one.
  if (await openFat(disk, limit)) return [whole]
  const table = await readPartitions(disk, limit)
  return table ? [...table.partitions] : [whole]
}

const sourceOf = (disk: ByteSource, { startBytes, sizeBytes }: Place) => partOf(disk, startBytes, sizeBytes)

export async function listVolumes(disk: ByteSource, limit: ReadLimit): Promise<Volume[]> {
  const volumes: Volume[] = []
  for (const place of await placesOf(disk, limit)) volumes.push({ ...place, ...(await describe(disk, place, limit)) })
  return volumes
}

async function describe(disk: ByteSource, place: Place, limit: ReadLimit) {
  const nothing = { kind: undefined, label: '', warning: undefined }
  try {
    const source = sourceOf(disk, place)
    const fileSystem = await probe(source, limit)
    if (fileSystem) {
      await fileSystem.root(limit)
      const { kind, label, warning } = fileSystem
      return { kind, label, warning, obstacle: undefined }
    }
    const other = await recognise(source, limit)
    return { ...nothing, kind: other?.kind, obstacle: other?.reason ?? unknown }
  } catch (error) {
    if (!(error instanceof ReadError) || error.kind === 'too-much') throw error
    return { ...nothing, obstacle: error.message }
  }
}

/** Something that says of itself elsewhere what it is comes first: what an earlier use left behind may still be there. */
async function probe(source: ByteSource, limit: ReadLimit): Promise<FileSystem | undefined> {
  const superblock = await readUpTo(source, superblockOffset, superblockBytes, limit)
  if (isExt(superblock)) return openExt(source, limit)
  return openFat(source, limit)
}

/** @throws not-found, or unsupported with the reason */
export async function openVolume(disk: ByteSource, number: number, limit: ReadLimit): Promise<FileSystem> {
  const place = (await placesOf(disk, limit)).find((each) => each.number === number)
  if (!place) throw new ReadError('not-found', `The disk has no partition ${number}.`)
  const source = sourceOf(disk, place)
  const fileSystem = await probe(source, limit)
  if (fileSystem) return fileSystem
  const other = await recognise(source, limit)
  throw new ReadError('unsupported', other ? `${other.kind}: ${other.reason}` : unknown)
}
