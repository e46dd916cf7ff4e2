import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { batchChunks, type CompressedSize, Compressor } from './compress.ts'
import { tagBytes } from './envelope.ts'
import { chunkBytes, idBytes } from './layout.ts'
import { type Frame, type Opened, openAll, type PackKeys, problemsOf } from './open-chunk.ts'

export interface CompressWork {
  /** Chunks of 64 KiB one after the other; the compressed ones come in their places. */
  readonly memory: SharedArrayBuffer
  readonly count: number
}

/** What goes to a thread is copied with all of the memory it is a view of: everything here has memory of its own. */
export interface OpenWork {
  /** Without, only what is wrong is asked for. */
  readonly wantsBytes: boolean
  readonly keys: PackKeys
  /** 32 bytes each. */
  readonly ids: Uint8Array
  readonly frames: readonly { offset: number; storedBytes: number; flags: number; length: number }[]
  /** The frames' bytes, one after the other. */
  readonly memory: SharedArrayBuffer
}

export type ChunkJob = { readonly job: number } & (CompressWork | OpenWork)

export type ChunkResult = { readonly job: number } & (
  | { readonly packed: readonly CompressedSize[] }
  | { readonly opened: readonly ({ readonly bytes: ArrayBuffer } | { readonly problem: string })[] }
  | { readonly problems: readonly (string | undefined)[] }
)

interface Waiting {
  readonly resolve: (result: ChunkResult) => void
  readonly reject: (error: unknown) => void
}

interface Thread {
  readonly worker: Worker
  readonly waiting: Map<number, Waiting>
}

const mostThreads = 4
const keptMemories = 8
/**
 * Threads hold nothing but what they work on; buffers that nobody has any more may take half of the old generation's
 * size, and the collector comes the less often the larger it is.
 */
const allThreadsOldGenerationMb = 96
const batchBytes = batchChunks * (chunkBytes + tagBytes)
/** So few are opened before a thread has heard of them. */
const fewFrames = 4
const otherAnswer = 'A thread gave an answer to something else'
const onTheSpot = Symbol('on the spot')

/**
 * Threads that compress and open chunks, for all repositories of a process: of a backup and a restore what takes more of
 * a core than all else together.
 */
export class ChunkPool {
  /** For what is not worth a thread. */
  readonly compressor: Compressor
  readonly workerCount: number
  readonly #level: number
  readonly #threads: Thread[] = []
  readonly #free: SharedArrayBuffer[] = []
  readonly #queue: (() => void)[] = []
  #openingCount = 0
  #lastJob = 0
  #isClosed = false

  constructor({ level = 1, workers = Math.min(mostThreads, availableParallelism()) } = {}) {
    this.#level = level
    this.compressor = new Compressor(level)
    this.workerCount = workers
  }

  /** Room for a batch of chunks, sealed or not, that threads can share; give it back with `release`. */
  takeMemory(): SharedArrayBuffer {
    return this.#free.pop() ?? new SharedArrayBuffer(batchBytes)
  }

  release(memory: SharedArrayBuffer): void {
    if (this.#free.length < keptMemories) this.#free.push(memory)
  }

  /** Compresses the first chunks where they lie. */
  async compress(memory: SharedArrayBuffer, count: number): Promise<readonly CompressedSize[]> {
    if (this.workerCount === 0) return this.compressor.compressInPlace(Buffer.from(memory), count)
    const result = await this.#run({ memory, count })
    if (!('packed' in result) || result.packed.length !== count) throw new Error(otherAnswer)
    return result.packed
  }

  /** Opens up to a batch of frames of one pack. */
  async open(keys: PackKeys, frames: readonly Frame[]): Promise<Opened[]> {
    const result = await this.#inThread(keys, frames, true)
    if (result === onTheSpot) return openAll(keys, frames)
    const opened = 'opened' in result ? result.opened : []
    if (opened.length !== frames.length) throw new Error(otherAnswer)
    return opened.map((each) => ('problem' in each ? each : { bytes: Buffer.from(each.bytes) }))
  }

  /** Why each frame is not as it was written; nothing for one that is. */
  async check(keys: PackKeys, frames: readonly Frame[]): Promise<(string | undefined)[]> {
    const result = await this.#inThread(keys, frames, false)
    if (result === onTheSpot) return problemsOf(openAll(keys, frames))
    if (!('problems' in result) || result.problems.length !== frames.length) throw new Error(otherAnswer)
    return [...result.problems]
  }

  /** What many readers ask for at once waits, so that it needs no more memory. */
  async #inThread(keys: PackKeys, frames: readonly Frame[], wantsBytes: boolean) {
    if (this.workerCount === 0 || frames.length <= fewFrames) return onTheSpot
    await this.#enter()
    try {
      const memory = this.takeMemory()
      const result = await this.#run(openWork(keys, frames, memory, wantsBytes))
      this.release(memory)
      return result
    } catch (error) {
      if (!(error instanceof ThreadLost) || this.#isClosed) throw error
      return onTheSpot
    } finally {
      this.#leave()
    }
  }

  /** Whoever still waits is told. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(
      this.#threads.slice().map((thread) => this.#lose(thread, new ThreadLost('The threads for chunks were ended'))),
    )
  }

  async #enter(): Promise<void> {
    if (this.#openingCount >= 2 * this.workerCount + 1) await new Promise<void>((resolve) => this.#queue.push(resolve))
    else this.#openingCount++
  }

  #leave() {
    const next = this.#queue.shift()
    if (next) next()
    else this.#openingCount--
  }

  async #run(work: CompressWork | OpenWork): Promise<ChunkResult> {
    if (this.#isClosed) throw new ThreadLost('The threads for chunks were ended')
    const { worker, waiting } = this.#leastBusy()
    const job = ++this.#lastJob
    worker.postMessage({ job, ...work } satisfies ChunkJob)
    worker.ref()
    return new Promise((resolve, reject) => waiting.set(job, { resolve, reject }))
  }

  #leastBusy(): Thread {
    const idle = this.#threads.find(({ waiting }) => waiting.size === 0)
    if (idle) return idle
    if (this.#threads.length < this.workerCount) return this.#start()
    return this.#threads.reduce((least, thread) => (thread.waiting.size < least.waiting.size ? thread : least))
  }

  #start(): Thread {
    const maxOldGenerationSizeMb = Math.floor(allThreadsOldGenerationMb / this.workerCount)
    const resourceLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb }
    const options = { resourceLimits, workerData: { level: this.#level } }
    const worker = new Worker(new URL('./chunk-worker.ts', import.meta.url), options)
    const thread: Thread = { worker, waiting: new Map() }
    worker.unref()
    worker.on('message', (result: ChunkResult) => {
      thread.waiting.get(result.job)?.resolve(result)
      thread.waiting.delete(result.job)
      if (thread.waiting.size === 0) worker.unref()
    })
    const lose = (cause?: unknown) => void this.#lose(thread, new ThreadLost('A thread for chunks ended', { cause }))
    worker.on('error', lose)
    worker.on('messageerror', lose)
    worker.on('exit', () => lose())
    this.#threads.push(thread)
    return thread
  }

  async #lose(thread: Thread, error: ThreadLost): Promise<void> {
    const at = this.#threads.indexOf(thread)
    if (at >= 0) this.#threads.splice(at, 1)
    for (const { reject } of thread.waiting.values()) reject(error)
    thread.waiting.clear()
    await thread.worker.terminate()
  }
}

class ThreadLost extends Error {}

/** Copies frames into the memory. @returns what a thread is told of them */
export function openWork(
  keys: PackKeys,
  frames: readonly Frame[],
  memory: SharedArrayBuffer,
  wantsBytes: boolean,
): OpenWork {
  const sealed = Buffer.from(memory)
  const ids = new Uint8Array(frames.length * idBytes)
  let at = 0
  const described = frames.map(({ id, offset, storedBytes, flags, bytes }, index) => {
    ids.set(id, index * idBytes)
    at += bytes.copy(sealed, at)
    return { offset, storedBytes, flags, length: bytes.length }
  })
  return { wantsBytes, keys, ids, frames: described, memory }
}
