import type { StepContext } from './define.ts'

const reportEveryMs = 500

/** Rate and remaining time of work of known size. */
export class Meter {
  readonly #context: Pick<StepContext<unknown, object>, 'progress'>
  readonly #totalBytes: number
  readonly #startedAt = performance.now()
  #reportedAt = 0
  #doneBytes = 0
  phase = ''

  constructor(context: Pick<StepContext<unknown, object>, 'progress'>, totalBytes: number) {
    this.#context = context
    this.#totalBytes = totalBytes
  }

  add(bytes: number): void {
    this.#doneBytes += bytes
    const now = performance.now()
    if (now - this.#reportedAt < reportEveryMs) return
    this.#reportedAt = now
    const ratePerSecond = this.#doneBytes / Math.max(0.001, (now - this.#startedAt) / 1000)
    this.#context.progress({
      ...{ phase: this.phase, done: Math.min(this.#doneBytes, this.#totalBytes), total: this.#totalBytes },
      ...{ unit: 'bytes', ratePerSecond },
      remainingMs: (Math.max(0, this.#totalBytes - this.#doneBytes) / ratePerSecond) * 1000,
    })
  }
}
