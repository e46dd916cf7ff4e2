import { invalid, notFound } from '#server/errors.ts'
import { padded } from './backup-writer.ts'
import type { ChunkCache } from './chunk-cache.ts'
import { readInPackOrder, type WantedChunk } from './chunk-reader.ts'
import type { ChunkStore } from './chunk-store.ts'
import { DamageError } from './damage.ts'
import { inBatches } from './group.ts'
import { type ChunkKind, idOf } from './keyring.ts'
import {
  chunkBytes,
  chunkCountOf,
  idBytes,
  segmentBytes,
  segmentChunks,
  segmentCountOf,
  zeroChunk,
  zeroId,
} from './layout.ts'
import { isZeroId, type Manifest, type ManifestDescription, readLastingManifest, segmentIdAt } from './manifest.ts'
import { segmentOf } from './segment-table.ts'
import { Session } from './session.ts'

const keptSegments = 64
/** Half of what is kept: what was loaded last stays while it is gone through. */
export const segmentsAtHand = 32
const keptChunks = 64
const fewChunks = 16
/** So many chunks are put into pack order at once: 256 MiB of disk, some 2 MiB of memory. */
const windowChunks = 4096

/** A run of bytes of a disk; `undefined` bytes are zeros. */
export interface DiskBytes {
  readonly offset: number
  readonly length: number
  readonly bytes: Buffer | undefined
}

/** A recovery point that is open for reading. It stays readable until `close`, even when it is removed meanwhile. */
export class RecoveryPoint {
  readonly id: string
  readonly description: ManifestDescription
  readonly #chunks: ChunkStore
  readonly #manifest: Manifest
  /** Missing where the store takes no more writes: nothing can be collected there either. */
  readonly #session: Session | undefined
  readonly #cache: ChunkCache | undefined
  readonly #segments = new Map<string, Promise<Buffer>>()
  /** Chunks read last by `read`, the latest at the end. */
  readonly #recent = new Map<string, Buffer>()

  private constructor(chunks: ChunkStore, manifest: Manifest, session: Session | undefined, cache?: ChunkCache) {
    this.id = manifest.id
    this.description = manifest.description
    this.#chunks = chunks
    this.#manifest = manifest
    this.#session = session
    this.#cache = cache
  }

  /** @param cache where what is read is kept, and looked for first; without it all comes from the store */
  static async open(chunks: ChunkStore, id: string, cache?: ChunkCache): Promise<RecoveryPoint> {
    const session = await Session.start(chunks, 'read').catch(() => undefined)
    try {
      const manifest = await readLastingManifest(chunks, id)
      if (!manifest) throw notFound('recovery point', id)
      return new RecoveryPoint(chunks, manifest, session, cache)
    } catch (error) {
      await session?.end()
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#session?.end()
  }

  get manifest(): Manifest {
    return this.#manifest
  }

  /** Any range of a disk's bytes. */
  async read(diskName: string, offset: number, length: number): Promise<Buffer> {
    const { sizeBytes } = this.#disk(diskName)
    if (offset < 0 || length < 0 || offset + length > sizeBytes) {
      throw invalid(`The disk ${diskName} has ${sizeBytes} bytes; ${offset} to ${offset + length} is not within it.`)
    }
    const result = Buffer.alloc(length)
    if (length === 0) return result
    const first = Math.floor(offset / chunkBytes)
    const count = Math.floor((offset + length - 1) / chunkBytes) - first + 1
    const missing: number[] = []
    const take = (at: number, bytes: Buffer | undefined) =>
      bytes?.copy(result, Math.max(0, at - offset), Math.max(0, offset - at))
    for (let index = first; index < first + count; index++) {
      const kept = this.#kept(diskName, index)
      if (kept) take(index * chunkBytes, kept)
      else missing.push(index)
    }
    for await (const part of this.chunks(diskName, missing)) {
      take(part.offset, part.bytes)
      // Who reads little reads there again: a file system walks through a chunk a few KiB at a time.
      if (count <= fewChunks && part.bytes) this.#keep(diskName, part.offset / chunkBytes, part.bytes)
    }
    return result
  }

  #kept(diskName: string, index: number): Buffer | undefined {
    const key = `${index} ${diskName}`
    const bytes = this.#recent.get(key)
    if (!bytes) return undefined
    this.#recent.delete(key)
    this.#recent.set(key, bytes)
    return bytes
  }

  #keep(diskName: string, index: number, bytes: Buffer) {
    if (this.#recent.size >= keptChunks) this.#recent.delete(this.#recent.keys().next().value ?? '')
    this.#recent.set(`${index} ${diskName}`, bytes)
  }

  /**
   * Chunks of a disk, each once, in the order in which they are read fastest; zeros come without bytes.
   * @param indexes best in rising order
   */
  async *chunks(diskName: string, indexes: Iterable<number> | AsyncIterable<number>): AsyncGenerator<DiskBytes> {
    const { sizeBytes } = this.#disk(diskName)
    const part = (index: number, bytes: Buffer | undefined): DiskBytes => {
      const offset = index * chunkBytes
      const length = Math.min(chunkBytes, sizeBytes - offset)
      return { offset, length, bytes: bytes?.subarray(0, length) }
    }
    let window: WantedChunk<number>[] = []
    for await (const index of indexes) {
      const id = await this.chunkId(diskName, index)
      if (isZeroId(id)) yield part(index, undefined)
      else if (window.push({ id, about: index }) === windowChunks) {
        for await (const { about, bytes } of this.#read(diskName, window, 'data')) yield part(about, bytes)
        window = []
      }
    }
    for await (const { about, bytes } of this.#read(diskName, window, 'data')) yield part(about, bytes)
  }

  /** All that is not zeros, in the order in which it is read fastest. */
  contents(diskName: string): AsyncGenerator<DiskBytes> {
    return this.chunks(diskName, this.#nonZero(diskName))
  }

  /** How much that is at the most: whole chunks. */
  contentBytes(diskName: string): number {
    return (this.description.disks.find(({ name }) => name === diskName)?.chunkCount ?? 0) * chunkBytes
  }

  /** Of a whole disk, with those that are zeros. */
  chunkCount(diskName: string): number {
    return chunkCountOf(this.#disk(diskName).sizeBytes)
  }

  async chunkId(diskName: string, index: number): Promise<Buffer> {
    const ids = await this.segment(diskName, segmentOf(index))
    const at = (index % segmentChunks) * idBytes
    return ids ? ids.subarray(at, at + idBytes) : zeroId
  }

  /** Whether a chunk is this, without reading it; no bytes are zeros. */
  async holds(diskName: string, index: number, bytes: Buffer | undefined): Promise<boolean> {
    const id = await this.chunkId(diskName, index)
    const chunk = bytes && padded(bytes)
    if (!chunk || chunk.equals(zeroChunk)) return isZeroId(id)
    const { keyring } = this.#chunks
    return !isZeroId(id) && keyring.idKeys(keyring.current).some((keys) => idOf(keys.data, chunk).equals(id))
  }

  /** The ids of a segment's chunks, or nothing where all of it is zeros. */
  async segment(diskName: string, segment: number): Promise<Buffer | undefined> {
    const id = segmentIdAt(this.#disk(diskName).segments.ids, segment)
    if (id.length === 0 || isZeroId(id)) return undefined
    const known = this.#knownSegment(id)
    if (known) return known
    const reading = this.#readSegment(Buffer.from(id)).then(wholeSegment)
    this.#keepSegment(id, reading)
    reading.catch(() => this.#segments.delete(id.toString('latin1')))
    return reading.catch((error) => {
      throw this.#explain(error, diskName, segment * segmentChunks)
    })
  }

  async #readSegment(id: Buffer): Promise<Buffer> {
    const kept = await this.#cache?.get(id)
    if (kept) return kept
    const bytes = await this.#chunks.read(id, 'segment')
    await this.#cache?.put(id, bytes)
    return bytes
  }

  /** Reads up to `segmentsAtHand` segments with few requests; until as many others are asked for, `segment` has them at hand. */
  async loadSegments(diskName: string, segments: readonly number[]): Promise<void> {
    const { ids } = this.#disk(diskName).segments
    const wanted = new Map<string, WantedChunk<number>>()
    for (const segment of segments) {
      const id = segmentIdAt(ids, segment)
      if (id.length === 0 || isZeroId(id) || this.#knownSegment(id)) continue
      wanted.set(id.toString('latin1'), { id, about: segment * segmentChunks })
    }
    for await (const { id, bytes } of this.#read(diskName, [...wanted.values()], 'segment')) {
      this.#keepSegment(id, Promise.resolve(wholeSegment(bytes)))
    }
  }

  /** It is then the youngest. */
  #knownSegment(id: Buffer): Promise<Buffer> | undefined {
    const key = id.toString('latin1')
    const known = this.#segments.get(key)
    if (!known) return undefined
    this.#segments.delete(key)
    this.#segments.set(key, known)
    return known
  }

  #keepSegment(id: Buffer, reading: Promise<Buffer>) {
    if (this.#segments.size >= keptSegments) this.#segments.delete(this.#segments.keys().next().value ?? '')
    this.#segments.set(id.toString('latin1'), reading)
  }

  async *#nonZero(diskName: string): AsyncGenerator<number> {
    const { sizeBytes } = this.#disk(diskName)
    const chunkCount = chunkCountOf(sizeBytes)
    for (const batch of inBatches(Array(segmentCountOf(sizeBytes)).keys(), segmentsAtHand)) {
      await this.loadSegments(diskName, batch)
      for (const segment of batch) {
        const ids = await this.segment(diskName, segment)
        const first = segment * segmentChunks
        for (let index = 0; ids && index < segmentChunks && first + index < chunkCount; index++) {
          if (ids.compare(zeroId, 0, idBytes, index * idBytes, (index + 1) * idBytes) !== 0) yield first + index
        }
      }
    }
  }

  /** @param window each with the disk's chunk, or first one, that it is about */
  async *#read(diskName: string, window: readonly WantedChunk<number>[], kind: ChunkKind) {
    try {
      yield* this.#find(window, kind)
    } catch (error) {
      const hurt =
        error instanceof DamageError ? window.find(({ id }) => id.toString('hex') === error.chunkId) : undefined
      throw this.#explain(error, diskName, hurt?.about)
    }
  }

  async *#find(window: readonly WantedChunk<number>[], kind: ChunkKind) {
    const elsewhere: WantedChunk<number>[] = []
    for (const wanted of window) {
      const bytes = await this.#cache?.get(wanted.id)
      if (bytes) yield { ...wanted, bytes }
      else elsewhere.push(wanted)
    }
    for await (const found of readInPackOrder(this.#chunks, elsewhere, kind)) {
      await this.#cache?.put(found.id, found.bytes)
      yield found
    }
  }

  #explain(error: unknown, diskName: string, chunk: number | undefined): unknown {
    if (!(error instanceof DamageError) || chunk === undefined) return error
    const message = `The recovery point ${this.id} can't be read at byte ${chunk * chunkBytes} of its disk ${diskName}. ${error.message}`
    return new DamageError(message, {
      ...(error.chunkId ? { chunkId: error.chunkId } : {}),
      ...(error.objectKey ? { objectKey: error.objectKey } : {}),
      cause: error,
      wayOut:
        'Restore another recovery point, or make a new backup: what is still the same on the disk heals this one.',
    })
  }

  #disk(name: string) {
    const at = this.description.disks.findIndex((disk) => disk.name === name)
    const [disk, segments] = [this.description.disks[at], this.#manifest.segments[at]]
    if (!disk || !segments) throw invalid(`The recovery point ${this.id} has no disk ${name}.`)
    return { ...disk, segments }
  }
}

function wholeSegment(ids: Buffer): Buffer {
  if (ids.length !== segmentBytes) throw new Error('A segment of another length')
  return ids
}
