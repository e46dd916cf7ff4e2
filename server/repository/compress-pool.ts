import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { batchChunks, compressInPlace } from './compress.ts'
import { chunkBytes } from './layout.ts'

export interface CompressJob {
  readonly job: number
  /** Chunks of 64 KiB one after the other; the compressed ones come in their places. */
  readonly memory: SharedArrayBuffer
  readonly count: number
  readonly level: number
}

type Packed = readonly { readonly size: number; readonly flags: number }[]

export interface CompressResult {
  readonly job: number
  readonly packed: Packed
}

interface Waiting {
  readonly resolve: (packed: Packed) => void
  readonly reject: (error: unknown) => void
}

const mostWorkers = 4
/** They hold nothing but what they compress. */
const workerLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 }

/** Threads that compress: the one part of a backup that takes more of a core than all others together. */
export class CompressPool {
  readonly level: number
  readonly workerCount: number
  readonly #workers: { thread: Worker; waiting: Map<number, Waiting> }[] = []
  readonly #free: SharedArrayBuffer[] = []
  #lastJob = 0

  constructor({ level = 1, workers = Math.min(mostWorkers, availableParallelism()) } = {}) {
    this.level = level
    this.workerCount = workers
  }

  /** Room for a batch of chunks that threads can share; give it back with `release`. */
  takeMemory(): SharedArrayBuffer {
    return this.#free.pop() ?? new SharedArrayBuffer(batchChunks * chunkBytes)
  }

  release(memory: SharedArrayBuffer): void {
    if (this.#free.length < this.workerCount + 2) this.#free.push(memory)
  }

  /** Compresses the first chunks where they lie. */
  compress(memory: SharedArrayBuffer, count: number): Promise<Packed> {
    if (this.workerCount === 0) return Promise.resolve(compressInPlace(Buffer.from(memory), count, this.level))
    const worker = this.#leastBusy()
    const job = ++this.#lastJob
    return new Promise((resolve, reject) => {
      worker.waiting.set(job, { resolve, reject })
      worker.thread.ref()
      const message: CompressJob = { job, memory, count, level: this.level }
      worker.thread.postMessage(message)
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map(({ thread }) => thread.terminate()))
  }

  #leastBusy() {
    const idle = this.#workers.find(({ waiting }) => waiting.size === 0)
    if (idle) return idle
    if (this.#workers.length < this.workerCount) return this.#start()
    return this.#workers.reduce((least, worker) => (worker.waiting.size < least.waiting.size ? worker : least))
  }

  #start() {
    const thread = new Worker(new URL('./compress-worker.ts', import.meta.url), { resourceLimits: workerLimits })
    const waiting = new Map<number, Waiting>()
    const worker = { thread, waiting }
    thread.unref()
    thread.on('message', ({ job, packed }: CompressResult) => {
      waiting.get(job)?.resolve(packed)
      waiting.delete(job)
      if (waiting.size === 0) thread.unref()
    })
    const lose = (error: unknown) => {
      this.#workers.splice(this.#workers.indexOf(worker), 1)
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
    }
    thread.on('error', lose)
    thread.on('exit', () => {
      if (this.#workers.includes(worker)) lose(new Error('A compressing thread ended'))
    })
    this.#workers.push(worker)
    return worker
  }
}
