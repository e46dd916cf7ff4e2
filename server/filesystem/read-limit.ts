import { setImmediate } from 'node:timers/promises'
import { ReadError } from './read-error.ts'

const yieldEveryMs = 10

/**
 * What one request may cost. Every reading of a disk asks first: what the disk's owner wrote there must not keep the
 * process busy for longer, nor keep others waiting, since what lies in memory is read without ever waiting.
 */
export class ReadLimit {
  readonly #timeoutMs: number
  readonly #signal: AbortSignal | undefined
  #until: number
  #yieldAt: number

  constructor(timeoutMs: number, signal?: AbortSignal) {
    this.#timeoutMs = timeoutMs
    this.#signal = signal
    const now = performance.now()
    this.#until = now + timeoutMs
    this.#yieldAt = now + yieldEveryMs
  }

  /** Something was delivered: the time begins again. */
  renew(): void {
    this.#until = performance.now() + this.#timeoutMs
  }

  /** @throws ReadError too-much when the time is over, or the signal's reason */
  async check(): Promise<void> {
    this.#signal?.throwIfAborted()
    const now = performance.now()
    if (now > this.#until) throw new ReadError('too-much', 'Reading this took too long, so it was given up.')
    if (now < this.#yieldAt) return
    await setImmediate()
    this.#yieldAt = performance.now() + yieldEveryMs
    this.#signal?.throwIfAborted()
  }
}
