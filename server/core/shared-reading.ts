/**
 * Readings that many ask for at once: one runs at a time for a key, and the next begins when it has ended and answers
 * all who asked meanwhile. So nobody is told what was read before they asked.
 */
export class SharedReading<T> {
  readonly #running = new Map<string, Promise<T>>()
  readonly #next = new Map<string, Promise<T>>()

  read(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key)
    if (!running) return this.#start(key, work)
    const next =
      this.#next.get(key) ??
      running
        .catch(() => {})
        .then(() => {
          this.#next.delete(key)
          return this.#start(key, work)
        })
    this.#next.set(key, next)
    return next
  }

  #start(key: string, work: () => Promise<T>): Promise<T> {
    const running = work().finally(() => {
      if (this.#running.get(key) === running) this.#running.delete(key)
    })
    this.#running.set(key, running)
    return running
  }
}
