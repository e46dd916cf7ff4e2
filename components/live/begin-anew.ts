const firstMs = 5_000
const longestMs = 60_000

/** When a stream that was refused, or ended by the server, begins anew: soon, and ever later while nothing comes of it. */
export class BeginAnew {
  #waitMs = firstMs
  #timer: ReturnType<typeof setTimeout> | undefined

  later(begin: () => void): void {
    if (this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      begin()
    }, this.#waitMs)
    this.#waitMs = Math.min(longestMs, 2 * this.#waitMs)
  }

  /** Something came of it. */
  worked(): void {
    this.#waitMs = firstMs
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
