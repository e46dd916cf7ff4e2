const mostKept = 8

/** The last few of what takes a while to make. */
export class Kept<T> {
  readonly #kept = new Map<string, Promise<T>>()

  get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(key)
    this.#kept.delete(key)
    const made = known ?? make()
    this.#kept.set(key, made)
    made.catch(() => this.#kept.get(key) === made && this.#kept.delete(key))
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest)
    return made
  }
}
