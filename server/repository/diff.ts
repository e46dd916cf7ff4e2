import { inPackOrder } from './chunk-reader.ts'
import type { ChunkStore } from './chunk-store.ts'
import { inBatches } from './group.ts'
import { chunkBytes, chunkCountOf, idBytes, segmentChunks, segmentCountOf, zeroId } from './layout.ts'
import { segmentIdAt } from './manifest.ts'
import type { Location } from './middle-map.ts'
import { type DiskBytes, type RecoveryPoint, segmentsAtHand } from './recovery-point.ts'

/** A chunk that is not the same in two recovery points. */
export interface ChangedChunk {
  readonly index: number
  /** In the second one it is all zeros. */
  readonly isZero: boolean
  /** What must be read from the store to have the second one's; 0 for zeros. */
  readonly storedBytes: number
}

export interface DiskDifference {
  readonly changedChunkCount: number
  /** What a restore writes to the disk. */
  readonly changedBytes: number
  /** What it reads from the store. */
  readonly storedBytes: number
}

const windowChunks = 65_536

interface Changed extends ChangedChunk {
  readonly location: Location | undefined
}

/**
 * What must be written over the one recovery point's disk to have the other's, in the order of the other's packs as far
 * as a window of 4 GiB of changes allows. A disk that one of them has not counts as zeros there.
 */
export async function* changedChunks(
  chunks: ChunkStore,
  from: RecoveryPoint,
  to: RecoveryPoint,
  diskName: string,
): AsyncGenerator<ChangedChunk> {
  let window: Changed[] = []
  const sorted = () =>
    window.sort((a, b) => {
      if (a.location && b.location) return inPackOrder(a.location, b.location)
      return a.location ? 1 : b.location ? -1 : a.index - b.index
    })
  for await (const { index, id } of changedIds(from, to, diskName)) {
    const isZero = id.equals(zeroId)
    const location = isZero ? undefined : chunks.locate(id)
    window.push({ index, isZero, storedBytes: location?.storedBytes ?? 0, location })
    if (window.length < windowChunks) continue
    for (const { location: _, ...changed } of sorted()) yield changed
    window = []
  }
  for (const { location: _, ...changed } of sorted()) yield changed
}

/** The content of those chunks, as a restore of the second state over the first one writes it. */
export function readChanges(from: RecoveryPoint, to: RecoveryPoint, diskName: string): AsyncGenerator<DiskBytes> {
  async function* indexes() {
    for await (const { index } of changedIds(from, to, diskName)) yield index
  }
  return to.chunks(diskName, indexes())
}

/** How much that is, without holding it. */
export async function difference(
  chunks: ChunkStore,
  from: RecoveryPoint,
  to: RecoveryPoint,
  diskName: string,
): Promise<DiskDifference> {
  const sizeBytes = to.description.disks.find(({ name }) => name === diskName)?.sizeBytes ?? 0
  let changedChunkCount = 0
  let changedBytes = 0
  let storedBytes = 0
  for await (const { index, id } of changedIds(from, to, diskName)) {
    changedChunkCount++
    changedBytes += Math.min(chunkBytes, sizeBytes - index * chunkBytes)
    if (!id.equals(zeroId)) storedBytes += chunks.locate(id)?.storedBytes ?? 0
  }
  return { changedChunkCount, changedBytes, storedBytes }
}

/** The changed chunks of the second disk, in rising order, with their ids there. */
async function* changedIds(from: RecoveryPoint, to: RecoveryPoint, diskName: string) {
  const [before, after] = [segmentsOf(from, diskName), segmentsOf(to, diskName)]
  const chunkCount = chunkCountOf(after.sizeBytes)
  function* changedSegments() {
    for (let segment = 0; segment < segmentCountOf(after.sizeBytes); segment++) {
      if (!orZero(segmentIdAt(before.ids, segment)).equals(orZero(segmentIdAt(after.ids, segment)))) yield segment
    }
  }
  for (const batch of inBatches(changedSegments(), segmentsAtHand)) {
    if (before.sizeBytes > 0) await from.loadSegments(diskName, batch)
    await to.loadSegments(diskName, batch)
    for (const segment of batch) {
      const oldIds = before.sizeBytes > 0 ? await from.segment(diskName, segment) : undefined
      const newIds = await to.segment(diskName, segment)
      const count = Math.min(segmentChunks, chunkCount - segment * segmentChunks)
      for (let index = 0; index < count; index++) {
        const [start, end] = [index * idBytes, (index + 1) * idBytes]
        const id = newIds?.subarray(start, end) ?? zeroId
        if (!id.equals(oldIds?.subarray(start, end) ?? zeroId)) yield { index: segment * segmentChunks + index, id }
      }
    }
  }
}

const orZero = (id: Buffer) => (id.length > 0 ? id : zeroId)

function segmentsOf({ manifest }: RecoveryPoint, diskName: string) {
  const at = manifest.description.disks.findIndex(({ name }) => name === diskName)
  const disk = manifest.description.disks[at]
  return { sizeBytes: disk?.sizeBytes ?? 0, ids: manifest.segments[at]?.ids ?? Buffer.alloc(0) }
}
