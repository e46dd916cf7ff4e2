/**
 * Carries values from a callback to one async reader. A reader that falls behind gets `overflow` in place of what was
 * dropped, so that a slow browser costs a bounded amount of memory.
 */
export class Mailbox<T> {
  readonly #limit: number
  readonly #overflow: T
  #waiting: T[] = []
  #wake: (() => void) | undefined

  constructor(limit: number, overflow: T) {
    this.#limit = limit
    this.#overflow = overflow
  }

  put(value: T): void {
    if (this.#waiting.length >= this.#limit) this.#waiting = [this.#overflow]
    else this.#waiting.push(value)
    this.#wake?.()
  }

  /** Values in order until the signal aborts; null each time `idleMs` pass without one. */
  async *read(signal: AbortSignal | undefined, idleMs: number): AsyncGenerator<T | null> {
    while (!signal?.aborted) {
      const value = this.#waiting.shift()
      if (value !== undefined) {
        yield value
        continue
      }
      const idle = await this.#pause(signal, idleMs)
      if (idle && !signal?.aborted) yield null
    }
  }

  #pause(signal: AbortSignal | undefined, idleMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (idle: boolean) => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', aborted)
        this.#wake = undefined
        resolve(idle)
      }
      const aborted = () => done(false)
      const timer = setTimeout(() => done(true), idleMs)
      signal?.addEventListener('abort', aborted)
      this.#wake = () => done(false)
    })
  }
}
