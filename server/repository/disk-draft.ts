import { conflict } from '#server/errors.ts'
import type { ChunkStore } from './chunk-store.ts'
import { DamageError } from './damage.ts'
import { chunkCountOf, idBytes, segmentBytes, segmentChunks, segmentCountOf, zeroId } from './layout.ts'
import { type DiskSegments, isZeroId, type Manifest, noSegments, segmentIdAt } from './manifest.ts'
import { firstUnknown, SegmentTable, segmentOf, unknownId } from './segment-table.ts'

const zeroSegment = Buffer.alloc(segmentBytes)

/** A disk of a backup that is being written: the parent's ids, and over them those that were written. */
export class DiskDraft {
  readonly name: string
  readonly sizeBytes: number
  readonly chunkCount: number
  readonly #chunks: ChunkStore
  readonly #parent: DiskSegments
  readonly #table: SegmentTable

  constructor(
    chunks: ChunkStore,
    { name, sizeBytes }: { name: string; sizeBytes: number },
    parent: Manifest | undefined,
    tableFolder: string,
  ) {
    const at = parent?.description.disks.findIndex((disk) => disk.name === name) ?? -1
    if ((parent?.description.disks[at]?.sizeBytes ?? 0) > sizeBytes) {
      throw conflict(
        `The disk ${name} is smaller than in the recovery point before.`,
        'Make a full backup, without a parent.',
      )
    }
    this.name = name
    this.sizeBytes = sizeBytes
    this.chunkCount = chunkCountOf(sizeBytes)
    this.#chunks = chunks
    this.#parent = parent?.segments[at] ?? noSegments
    this.#table = new SegmentTable(tableFolder, segmentCountOf(sizeBytes))
  }

  /** @param ids of consecutive chunks, 32 bytes each */
  async set(firstChunk: number, ids: Buffer): Promise<void> {
    const lastChunk = firstChunk + ids.length / idBytes - 1
    for (let segment = segmentOf(firstChunk); segment <= segmentOf(lastChunk); segment++) {
      if (!this.#table.isTouched(segment)) this.#table.begin(segment, await this.#parentIds(segment))
    }
    this.#table.set(firstChunk, ids)
  }

  /** The parent's chunks whose ids are among these (as latin1), and those of segments that can't be read, as runs. */
  async *find(ids: ReadonlySet<string>): AsyncGenerator<{ firstChunk: number; count: number }> {
    for (let segment = 0; segment < this.#parent.ids.length / idBytes; segment++) {
      const id = segmentIdAt(this.#parent.ids, segment)
      if (isZeroId(id)) continue
      const firstChunk = segment * segmentChunks
      const count = Math.min(segmentChunks, this.chunkCount - firstChunk)
      const chunkIds = await this.#chunks.read(id, 'segment').catch(ignoreDamage)
      if (!chunkIds) yield { firstChunk, count }
      for (let index = 0; chunkIds && index < count; index++) {
        if (ids.has(chunkIds.toString('latin1', index * idBytes, (index + 1) * idBytes))) {
          yield { firstChunk: firstChunk + index, count: 1 }
        }
      }
    }
  }

  /**
   * The disk's segments, those that were written to stored by the caller.
   * @throws conflict when the parent's ids are lost where not every chunk was written
   */
  async finish(store: (chunkIds: Buffer) => Promise<Buffer>): Promise<DiskSegments & { chunkCount: number }> {
    const segmentCount = segmentCountOf(this.sizeBytes)
    const ids = Buffer.alloc(segmentCount * idBytes)
    const counts = Buffer.alloc(segmentCount * 2)
    this.#parent.ids.copy(ids)
    this.#parent.counts.copy(counts)
    let chunkCount = 0
    for (let segment = 0; segment < segmentCount; segment++) {
      if (this.#table.isTouched(segment)) {
        const chunkIds = this.#table.get(segment)
        const unknown = firstUnknown(chunkIds)
        if (unknown >= 0) throw brokenParent(this.name, segment * segmentChunks + unknown)
        counts.writeUInt16LE(countNonZero(chunkIds), segment * 2)
        const id = chunkIds.equals(zeroSegment) ? zeroId : await store(chunkIds)
        id.copy(ids, segment * idBytes)
      }
      chunkCount += counts.readUInt16LE(segment * 2)
    }
    return { ids, counts, chunkCount }
  }

  close(): void {
    this.#table.close()
  }

  async #parentIds(segment: number): Promise<Buffer> {
    const id = segmentIdAt(this.#parent.ids, segment)
    if (id.length === 0 || isZeroId(id)) return zeroSegment
    const ids = await this.#chunks.read(id, 'segment').catch(ignoreDamage)
    if (ids) return ids
    const chunkCount = Math.min(segmentChunks, this.chunkCount - segment * segmentChunks)
    return Buffer.alloc(segmentBytes).fill(unknownId, 0, chunkCount * idBytes)
  }
}

function countNonZero(ids: Buffer): number {
  let count = 0
  for (let at = 0; at < ids.length; at += idBytes) if (ids.compare(zeroId, 0, idBytes, at, at + idBytes) !== 0) count++
  return count
}

function ignoreDamage(error: unknown): undefined {
  if (!(error instanceof DamageError)) throw error
}

const brokenParent = (disk: string, chunk: number) =>
  conflict(
    `The recovery point that this backup builds on is damaged around chunk ${chunk} of the disk ${disk}, and what is there now was not read.`,
    'Read what `brokenInParent` names too, or make a full backup.',
  )
