import type { QueryClient, QueryKey } from '@tanstack/react-query'
import { Paced } from './paced.ts'
import { isAbout, readAgain, readAllAgain } from './read-again.ts'

/** What changed must be seen within a second, also when the same was read a moment before. */
const rereadMs = 500

/** Reads queries again: soon, and when that was done a moment ago, once for many requests when its time has come. */
export class Rereads {
  readonly #client: QueryClient
  readonly #paced = new Paced()
  /** What is still to be read of a group of procedures */
  readonly #subjects = new Map<string, Set<string>>()

  constructor(client: QueryClient) {
    this.#client = client
  }

  below(queryKey: QueryKey, everyMs = rereadMs): void {
    this.#paced.run(JSON.stringify(queryKey), everyMs, () => readAgain(this.#client, { queryKey }))
  }

  /** What these procedures say of these things. */
  about(procedures: readonly QueryKey[], ids: readonly string[]): void {
    if (ids.length === 0) return
    const name = `about ${JSON.stringify(procedures)}`
    const subjects = this.#subjects.get(name) ?? new Set()
    for (const id of ids) subjects.add(id)
    this.#subjects.set(name, subjects)
    this.#paced.run(name, 250, () => {
      const now = this.#subjects.get(name) ?? new Set()
      this.#subjects.delete(name)
      return readAgain(this.#client, { predicate: isAbout(procedures, now) })
    })
  }

  everything(): void {
    this.#paced.run('everything', rereadMs, () => readAllAgain(this.#client))
  }

  stop(): void {
    this.#paced.stop()
  }
}
