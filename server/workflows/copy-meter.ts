import type { StepContext } from './define.ts'

type Context = Pick<StepContext<unknown, object>, 'progress'>

const reportEveryMs = 500
type Verb = 'reading' | 'writing' | 'copying'

/** Rate and remaining time of a copy of known size, all its disks together. */
export class CopyMeter {
  readonly #context: Context
  readonly #verb: Verb
  readonly #startedAt = performance.now()
  #reportedAt = 0
  #totalBytes = 0
  #disk = ''
  doneBytes = 0

  constructor(context: Context, verb: Verb) {
    this.#context = context
    this.#verb = verb
  }

  get tookMs(): number {
    return Math.round(performance.now() - this.#startedAt)
  }

  /** More of the whole that is to be copied. */
  expect(bytes: number) {
    this.#totalBytes += bytes
  }

  /** The disk that what follows is of. */
  at(disk: string) {
    this.#disk = disk
    this.report()
  }

  add(bytes: number) {
    this.doneBytes += bytes
    this.report(reportEveryMs)
  }

  /** Unless that was done less than so long ago. */
  report(afterMs = 0) {
    const now = performance.now()
    if (now - this.#reportedAt < afterMs) return
    this.#reportedAt = now
    const rate = this.doneBytes / Math.max(0.001, (now - this.#startedAt) / 1000)
    this.#context.progress({
      phase: `${this.#verb} ${this.#disk}`,
      done: this.doneBytes,
      total: this.#totalBytes,
      unit: 'bytes',
      ratePerSecond: rate,
      remainingMs: rate > 0 ? (Math.max(0, this.#totalBytes - this.doneBytes) / rate) * 1000 : null,
    })
  }
}
