import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { batchChunks, type CompressedSize, compressInPlace } from './compress.ts'
import { tagBytes } from './envelope.ts'
import { chunkBytes } from './layout.ts'
import { type Frame, openChunk, type PackKeys } from './open-chunk.ts'

export interface CompressJob {
  readonly job: number
  /** Chunks of 64 KiB one after the other; the compressed ones come in their places. */
  readonly memory: SharedArrayBuffer
  readonly count: number
  readonly level: number
}

export interface OpenJob {
  readonly job: number
  readonly keys: PackKeys
  readonly frames: readonly (Omit<Frame, 'id' | 'bytes'> & { readonly id: Uint8Array; readonly length: number })[]
  /** The frames one after the other. */
  readonly memory: SharedArrayBuffer
}

export type ChunkJob = CompressJob | OpenJob

export type ChunkResult =
  | { readonly job: number; readonly packed: readonly CompressedSize[] }
  | {
      readonly job: number
      readonly opened: readonly ({ readonly length: number } | { readonly problem: string })[]
      /** Room of 64 KiB for each. */
      readonly contents: ArrayBuffer
    }

/** A chunk, or why its frame is not as it was written. */
export type Opened = { readonly bytes: Buffer } | { readonly problem: string }

interface Waiting {
  readonly resolve: (result: ChunkResult) => void
  readonly reject: (error: unknown) => void
}

const mostWorkers = 4
const keptMemories = 8
/** They hold nothing but what they work on. */
const workerLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 }
const batchBytes = batchChunks * (chunkBytes + tagBytes)
/** So few are opened before a thread has heard of them. */
const fewFrames = 4

/** Threads that compress and open chunks: of a backup and a restore what takes more of a core than all else together. */
export class ChunkPool {
  readonly level: number
  readonly workerCount: number
  readonly #workers: { thread: Worker; waiting: Map<number, Waiting> }[] = []
  readonly #free: SharedArrayBuffer[] = []
  #lastJob = 0

  constructor({ level = 1, workers = Math.min(mostWorkers, availableParallelism()) } = {}) {
    this.level = level
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
    if (this.workerCount === 0) return compressInPlace(Buffer.from(memory), count, this.level)
    const result = await this.#run({ memory, count, level: this.level })
    return 'packed' in result ? result.packed : []
  }

  /** Opens frames of one pack. */
  async open(keys: PackKeys, frames: readonly Frame[]): Promise<Opened[]> {
    if (this.workerCount === 0 || frames.length <= fewFrames) return frames.map((frame) => opened(keys, frame))
    const memory = this.takeMemory()
    const sealed = Buffer.from(memory)
    let at = 0
    const described = frames.map(({ bytes, ...frame }) => {
      at += bytes.copy(sealed, at)
      return { ...frame, length: bytes.length }
    })
    const result = await this.#run({ keys, frames: described, memory })
    this.release(memory)
    if (!('opened' in result)) return []
    return result.opened.map((each, index) =>
      'problem' in each ? each : { bytes: Buffer.from(result.contents, index * chunkBytes, each.length) },
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map(({ thread }) => thread.terminate()))
  }

  #run(work: Omit<CompressJob, 'job'> | Omit<OpenJob, 'job'>): Promise<ChunkResult> {
    const worker = this.#leastBusy()
    const job = ++this.#lastJob
    return new Promise((resolve, reject) => {
      worker.waiting.set(job, { resolve, reject })
      worker.thread.ref()
      const message: ChunkJob = { job, ...work }
      worker.thread.postMessage(message)
    })
  }

  #leastBusy() {
    const idle = this.#workers.find(({ waiting }) => waiting.size === 0)
    if (idle) return idle
    if (this.#workers.length < this.workerCount) return this.#start()
    return this.#workers.reduce((least, worker) => (worker.waiting.size < least.waiting.size ? worker : least))
  }

  #start() {
    const thread = new Worker(new URL('./chunk-worker.ts', import.meta.url), { resourceLimits: workerLimits })
    const waiting = new Map<number, Waiting>()
    const worker = { thread, waiting }
    thread.unref()
    thread.on('message', (result: ChunkResult) => {
      waiting.get(result.job)?.resolve(result)
      waiting.delete(result.job)
      if (waiting.size === 0) thread.unref()
    })
    const lose = (error: unknown) => {
      this.#workers.splice(this.#workers.indexOf(worker), 1)
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
    }
    thread.on('error', lose)
    thread.on('exit', () => {
      if (this.#workers.includes(worker)) lose(new Error('A thread for chunks ended'))
    })
    this.#workers.push(worker)
    return worker
  }
}

function opened(keys: PackKeys, frame: Frame): Opened {
  try {
    return { bytes: openChunk(keys, frame).bytes }
  } catch (error) {
    return { problem: (error as Error).message }
  }
}
