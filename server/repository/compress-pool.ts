import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type CompressedChunks, compressChunks } from './compress.ts'

export interface CompressJob {
  readonly job: number
  /** Chunks of 64 KiB one after the other. */
  readonly bytes: ArrayBuffer
  readonly level: number
}

interface CompressResult {
  readonly job: number
  readonly bytes: ArrayBuffer
  readonly sizes: readonly number[]
  readonly flags: readonly number[]
}

interface Waiting {
  readonly resolve: (chunks: CompressedChunks) => void
  readonly reject: (error: unknown) => void
}

const mostWorkers = 4

/** Threads that compress: the one part of a backup that takes more of a core than all others together. */
export class CompressPool {
  readonly level: number
  readonly workerCount: number
  readonly #workers: { thread: Worker; waiting: Map<number, Waiting> }[] = []
  #lastJob = 0

  constructor({ level = 3, workers = Math.min(mostWorkers, availableParallelism()) } = {}) {
    this.level = level
    this.workerCount = workers
  }

  /** @param bytes whole chunks; they belong to the pool from now on */
  compress(bytes: Buffer<ArrayBuffer>): Promise<CompressedChunks> {
    if (this.workerCount === 0) return Promise.resolve(compressChunks(bytes, this.level))
    const worker = this.#leastBusy()
    const job = ++this.#lastJob
    return new Promise((resolve, reject) => {
      worker.waiting.set(job, { resolve, reject })
      worker.thread.ref()
      const message: CompressJob = { job, bytes: bytes.buffer, level: this.level }
      worker.thread.postMessage(message, [bytes.buffer])
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
    const thread = new Worker(new URL('./compress-worker.ts', import.meta.url))
    const waiting = new Map<number, Waiting>()
    const worker = { thread, waiting }
    thread.unref()
    thread.on('message', ({ job, bytes, sizes, flags }: CompressResult) => {
      waiting.get(job)?.resolve({ content: Buffer.from(bytes), sizes, flags })
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
