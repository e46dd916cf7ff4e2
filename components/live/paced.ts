/** What comes in one go is waited for so long. */
const gatherMs = 50

/** Does each thing by its name soon after it was asked for, and again only when so much time has passed. */
export class Paced {
  readonly #doneAtMs = new Map<string, number>()
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>()

  /** Asked for while it is still to be done, it is done once. */
  run(name: string, everyMs: number, work: () => void): void {
    if (this.#timers.has(name)) return
    const restMs = (this.#doneAtMs.get(name) ?? -Infinity) + everyMs - performance.now()
    const go = () => {
      this.#timers.delete(name)
      this.#doneAtMs.set(name, performance.now())
      work()
    }
    this.#timers.set(name, setTimeout(go, Math.max(gatherMs, restMs)))
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }
}
