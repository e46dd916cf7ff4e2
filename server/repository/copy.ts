import { GivenUp } from '#server/errors.ts'
import { padded } from './backup-writer.ts'
import { DamageError } from './damage.ts'
import { changedChunks } from './diff.ts'
import { chunkBytes, chunkCountOf, segmentChunks, segmentCountOf } from './layout.ts'
import { isZeroId, segmentIdAt } from './manifest.ts'
import type { RecoveryPoint } from './recovery-point.ts'
import type { Repository } from './repository.ts'

export interface CopyProgress {
  readonly signal?: AbortSignal | undefined
  /** Of the disks, as far as they have been gone through */
  onBytes?(bytes: number): void
}

export interface CopyRequest extends CopyProgress {
  readonly from: Repository
  readonly to: Repository
  readonly point: RecoveryPoint
  /** A recovery point in `to` that is much the same: only what differs from it is written. */
  readonly parentId?: string | undefined
  readonly label?: Readonly<Record<string, string>> | undefined
}

/** What is to be copied can't be read where it is: that says nothing of a copy, nor of other recovery points. */
export class OriginalDamaged extends GivenUp {
  constructor(cause: DamageError) {
    super('unavailable', cause.message, { cause, ...(cause.wayOut ? { wayOut: cause.wayOut } : {}) })
    this.name = 'OriginalDamaged'
  }
}

export function asOriginalError(error: unknown): never {
  throw error instanceof DamageError ? new OriginalDamaged(error) : error
}

async function* ofOriginal<T>(parts: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* parts
  } catch (error) {
    asOriginalError(error)
  }
}

/**
 * Copies a recovery point into another repository, under the same id. What is stored there already, by this one or one
 * that was broken off, is not stored again; it can be seen there when all of it is.
 * @throws OriginalDamaged
 */
export async function copyRecoveryPoint(request: CopyRequest): Promise<void> {
  const { from, to, point, label, signal } = request
  await to.freeId(point.id)
  const parentId =
    request.parentId && (await hasNoLargerDisk(to, request.parentId, point)) ? request.parentId : undefined
  const [parent, parentHere] = parentId
    ? [await to.recoveryPoint(parentId), await from.recoveryPoint(parentId).catch(() => undefined)]
    : []
  try {
    const writer = await to.startBackup({
      ...{ id: point.id, parentId, disks: point.description.disks.map(({ name, sizeBytes }) => ({ name, sizeBytes })) },
      label: label ?? point.description.label,
    })
    try {
      for (const { name, sizeBytes } of point.description.disks) {
        let doneChunks = 0
        const write = async (index: number, bytes: Buffer | undefined) => {
          signal?.throwIfAborted()
          if (bytes) await writer.write(name, index, bytes)
          else await writer.writeZeros(name, index, 1)
          request.onBytes?.(chunkBytes)
          doneChunks++
        }
        const parts =
          parent && parentHere
            ? ofOriginal(changedParts(from, parentHere, point, name))
            : parent
              ? unlikeChunks(point, parent, name)
              : ofOriginal(allParts(point, name))
        for await (const { index, bytes } of parts) await write(index, bytes)
        for await (const { firstChunk, count } of writer.brokenInParent(name)) {
          const indexes = Array.from({ length: count }, (_, at) => firstChunk + at)
          for await (const { offset, bytes } of ofOriginal(point.chunks(name, indexes))) {
            await write(offset / chunkBytes, bytes)
          }
        }
        request.onBytes?.(Math.max(0, chunkCountOf(sizeBytes) - doneChunks) * chunkBytes)
      }
      await writer.commit()
    } catch (error) {
      await writer.abort()
      throw error
    }
  } finally {
    await parent?.close()
    await parentHere?.close()
  }
}

interface Part {
  readonly index: number
  /** Of zeros there are none */
  readonly bytes: Buffer | undefined
}

async function* allParts(point: RecoveryPoint, disk: string): AsyncGenerator<Part> {
  for await (const { offset, bytes } of point.contents(disk)) yield { index: offset / chunkBytes, bytes }
}

async function* changedParts(
  repository: Repository,
  before: RecoveryPoint,
  point: RecoveryPoint,
  disk: string,
): AsyncGenerator<Part> {
  async function* indexes() {
    for await (const { index } of changedChunks(repository.chunks, before, point, disk)) yield index
  }
  for await (const { offset, bytes } of point.chunks(disk, indexes())) yield { index: offset / chunkBytes, bytes }
}

/**
 * What of a disk is not the same in a recovery point of another repository: this one is read, of the other only the ids
 * are looked at, which costs no reading there.
 */
export async function* unlikeChunks(read: RecoveryPoint, other: RecoveryPoint, disk: string): AsyncGenerator<Part> {
  const sizeOf = ({ description }: RecoveryPoint) => description.disks.find(({ name }) => name === disk)?.sizeBytes ?? 0
  const count = chunkCountOf(sizeOf(read))
  const otherCount = chunkCountOf(sizeOf(other))
  for (let first = 0; first < count; first += segmentChunks) {
    const indexes = Array.from({ length: Math.min(segmentChunks, count - first) }, (_, at) => first + at)
    for await (const { offset, bytes } of ofOriginal(read.chunks(disk, indexes))) {
      const index = offset / chunkBytes
      const isThere = index < otherCount ? await other.holds(disk, index, bytes) : bytes === undefined
      if (!isThere) yield { index, bytes }
    }
  }
  for (let index = count; index < otherCount; index++) {
    if (!isZeroId(await other.chunkId(disk, index))) yield { index, bytes: undefined }
  }
}

async function hasNoLargerDisk(to: Repository, parentId: string, point: RecoveryPoint): Promise<boolean> {
  const parent = await to.describe(parentId)
  if (!parent) return false
  const sizes = new Map(point.description.disks.map(({ name, sizeBytes }) => [name, sizeBytes]))
  return parent.description.disks.every(({ name, sizeBytes }) => sizeBytes <= (sizes.get(name) ?? sizeBytes))
}

/** A copy that was proven; its original, where that is still there, tells what has changed since. */
export interface Proven {
  readonly original?: RecoveryPoint | undefined
  readonly copy: RecoveryPoint
}

export interface ProofRequest extends CopyProgress {
  readonly original: RecoveryPoint
  readonly copy: RecoveryPoint
  /** Proven in both places not long ago: what the copy has in common with it is not read again. */
  readonly proven?: Proven | undefined
}

/**
 * Proves a copy: each chunk is that of the original by its id, and reads back from the store as what it was.
 * @returns how many bytes were read back
 * @throws DamageError when it is not the same or damaged, OriginalDamaged when there is nothing to compare it with
 */
export async function proveCopy(request: ProofRequest): Promise<number> {
  const { original, copy, proven, signal } = request
  let readBackBytes = 0
  for (const [at, { name, sizeBytes }] of original.description.disks.entries()) {
    const there = copy.description.disks.find((disk) => disk.name === name)
    if (there?.sizeBytes !== sizeBytes) throw unlike(name, 0)
    const known = proven?.copy.description.disks.some((disk) => disk.name === name) ? proven : undefined
    for (let segment = 0; segment < segmentCountOf(sizeBytes); segment++) {
      signal?.throwIfAborted()
      const first = segment * segmentChunks
      const count = Math.min(segmentChunks, chunkCountOf(sizeBytes) - first)
      if (!known || !isProven(original, copy, known, name, at, segment)) {
        readBackBytes += await proveSegment(original, copy, known?.copy, name, first, count)
      }
      request.onBytes?.(count * chunkBytes)
    }
  }
  return readBackBytes
}

/** Neither the original nor the copy has changed in this part since what is proven. */
function isProven(
  original: RecoveryPoint,
  copy: RecoveryPoint,
  proven: Proven,
  disk: string,
  at: number,
  segment: number,
): boolean {
  const idOf = (point: RecoveryPoint) => {
    const where = point.description.disks.findIndex(({ name }) => name === disk)
    return segmentIdAt(point.manifest.segments[where]?.ids ?? Buffer.alloc(0), segment)
  }
  const now = segmentIdAt(original.manifest.segments[at]?.ids ?? Buffer.alloc(0), segment)
  if (!proven.original || now.length === 0) return false
  return now.equals(idOf(proven.original)) && idOf(copy).equals(idOf(proven.copy))
}

async function proveSegment(
  original: RecoveryPoint,
  copy: RecoveryPoint,
  proven: RecoveryPoint | undefined,
  disk: string,
  first: number,
  count: number,
): Promise<number> {
  const indexes = Array.from({ length: count }, (_, at) => first + at)
  const contents = new Map<number, Buffer>()
  for await (const { offset, bytes } of ofOriginal(original.chunks(disk, indexes))) {
    const index = offset / chunkBytes
    if (!(await copy.holds(disk, index, bytes))) throw unlike(disk, index)
    if (bytes) contents.set(index, bytes)
  }
  const readBack: number[] = []
  for (const index of indexes) {
    const id = await copy.chunkId(disk, index)
    if (isZeroId(id) || (proven && (await proven.chunkId(disk, index)).equals(id))) continue
    readBack.push(index)
  }
  let bytesRead = 0
  for await (const { offset, bytes } of copy.chunks(disk, readBack)) {
    const index = offset / chunkBytes
    const wanted = contents.get(index)
    if (!bytes || !wanted || !padded(bytes).equals(padded(wanted))) throw unlike(disk, index)
    bytesRead += bytes.length
  }
  return bytesRead
}

const unlike = (disk: string, chunk: number) =>
  new DamageError(`What was stored is not what was sent, at byte ${chunk * chunkBytes} of the disk ${disk}.`, {
    wayOut: 'Nothing was deleted. Try again; if it comes again, the store can’t be trusted.',
  })
