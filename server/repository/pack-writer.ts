import type { ChunkPool } from './chunk-pool.ts'
import type { ChunkStore } from './chunk-store.ts'
import { batchChunks } from './compress.ts'
import { chunkBytes } from './layout.ts'
import { mostEntries, PackBuilder, segmentFlag } from './pack.ts'
import type { Session } from './session.ts'

export const defaultPackBytes = 16 * 1024 * 1024
const mostUploads = 2
/** Room for the frame that makes a pack full, and for its header. */
const mostFrameBytes = 2 * chunkBytes

interface Batch {
  readonly memory: SharedArrayBuffer
  readonly bytes: Buffer
  readonly ids: Buffer[]
}

/**
 * Fills packs with new chunks and puts them: compresses in threads, seals in the order in which chunks came, keeps a few
 * MiB under way. After the first failure nothing more is taken.
 */
export class PackWriter {
  readonly #chunks: ChunkStore
  readonly #session: Session
  readonly #pool: ChunkPool
  readonly #packBytes: number
  /** Ids of chunks that are under way, or were put by this writer. */
  readonly #own = new Set<string>()
  #batch: Batch | undefined
  #pack: PackBuilder | undefined
  readonly #compressing: Promise<void>[] = []
  #appended: Promise<void> = Promise.resolve()
  readonly #uploads = new Set<Promise<void>>()
  readonly #free: Buffer[] = []
  #failure: { error: unknown } | undefined
  chunkCount = 0
  storedBytes = 0

  constructor(chunks: ChunkStore, session: Session, pool: ChunkPool, packBytes = defaultPackBytes) {
    this.#chunks = chunks
    this.#session = session
    this.#pool = pool
    this.#packBytes = packBytes
  }

  /** Whether new manifests may name this chunk without its being stored again. */
  has(id: Buffer): boolean {
    return this.#own.has(id.toString('latin1')) || this.#chunks.locateLasting(id) !== undefined
  }

  /** Takes a copy of the chunk; waits while too much is under way. */
  async addChunk(id: Buffer, chunk: Buffer): Promise<void> {
    this.#own.add(id.toString('latin1'))
    this.#batch ??= this.#newBatch()
    chunk.copy(this.#batch.bytes, this.#batch.ids.length * chunkBytes)
    this.#batch.ids.push(id)
    if (this.#batch.ids.length === batchChunks) await this.#compressBatch()
  }

  async addSegment(id: Buffer, ids: Buffer): Promise<void> {
    this.#own.add(id.toString('latin1'))
    const { content, flags } = this.#pool.compressor.compress(ids)
    await this.#append(async () => this.#seal(id, flags | segmentFlag, content))
  }

  /** Adds what is compressed already, as compaction does. */
  async addContent(id: Buffer, flags: number, content: Buffer): Promise<void> {
    this.#own.add(id.toString('latin1'))
    await this.#append(async () => this.#seal(id, flags, content))
  }

  /** Everything added is in the store, for good, when this returns. */
  async finish(): Promise<void> {
    await this.#compressBatch()
    await Promise.all(this.#compressing)
    await this.#append(async () => this.#upload())
    await Promise.all(this.#uploads)
    this.#assertSound()
  }

  /** Takes nothing more; what is under way comes to its end. */
  async abandon(): Promise<void> {
    this.#failure ??= { error: new Error('The backup was given up') }
    await Promise.allSettled([...this.#compressing, this.#appended, ...this.#uploads])
  }

  #newBatch(): Batch {
    const memory = this.#pool.takeMemory()
    return { memory, bytes: Buffer.from(memory), ids: [] }
  }

  async #compressBatch() {
    this.#assertSound()
    const batch = this.#batch
    this.#batch = undefined
    if (!batch || batch.ids.length === 0) return
    const compressed = this.#pool.compress(batch.memory, batch.ids.length)
    // Whoever comes to it first throws it.
    compressed.catch(() => undefined)
    const appended = this.#append(async () => {
      for (const [index, { size, flags }] of (await compressed).entries()) {
        const at = index * chunkBytes
        const id = batch.ids[index]
        if (id) await this.#seal(id, flags, batch.bytes.subarray(at, at + size))
      }
      this.#pool.release(batch.memory)
    })
    this.#compressing.push(appended)
    if (this.#compressing.length > this.#pool.workerCount + 2) await this.#compressing.shift()
    this.#assertSound()
  }

  /** Runs after all that was appended before; a failure is kept and thrown to whoever comes next. */
  #append(work: () => Promise<void>): Promise<void> {
    this.#assertSound()
    this.#appended = this.#appended.then(async () => {
      if (this.#failure) return
      try {
        await work()
      } catch (error) {
        this.#failure ??= { error }
      }
    })
    return this.#appended
  }

  async #seal(id: Buffer, flags: number, content: Buffer) {
    const { keyring, owner } = this.#chunks
    this.#pack ??= new PackBuilder(keyring.current, owner, this.#session.nextPackId(), this.#takeMemory())
    this.#pack.add(id, flags, content)
    this.chunkCount++
    const isFull = this.#pack.sizeBytes >= this.#packBytes || this.#pack.entries.length >= mostEntries
    if (isFull) await this.#upload()
  }

  /** Packs are filled in memory that is used again: three of them are all there ever is. */
  #takeMemory(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#packBytes + mostFrameBytes)
  }

  async #upload() {
    const pack = this.#pack
    this.#pack = undefined
    if (!pack) return
    while (this.#uploads.size >= mostUploads) await Promise.race(this.#uploads)
    const upload: Promise<void> = this.#put(pack)
      .catch((error) => {
        this.#failure ??= { error }
      })
      .finally(() => this.#uploads.delete(upload))
    this.#uploads.add(upload)
  }

  async #put(pack: PackBuilder) {
    const parts = pack.finish()
    const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0)
    const id = pack.id.toString('hex')
    await this.#chunks.store.put(this.#chunks.packObjectKey(id), parts)
    this.#free.push(pack.memory)
    this.#chunks.map.add({ id, keyId: pack.key.id, sizeBytes }, pack.entries)
    for (const entry of pack.entries) this.#own.delete(entry.id.toString('latin1'))
    this.storedBytes += sizeBytes
  }

  #assertSound() {
    if (this.#failure) throw this.#failure.error
  }
}
