import { hashKey, type Query, type QueryClient, type QueryKey } from '@tanstack/react-query'
import { Paced } from './paced.ts'
import { isAbout, readAgain, readAllAgain } from './read-again.ts'

/** What changed must be seen within a second, also when the same was read a moment before. */
const rereadMs = 500
/** Readings may hang on a line that is gone: no longer do they hold back the next reading of all. */
const longestReadingMs = 5_000

/** Reads queries again: soon, and when that was done a moment ago, once for many requests when its time has come. */
export class Rereads {
  readonly #client: QueryClient
  readonly #paced = new Paced()
  /** What is still to be read under one name */
  readonly #gathered = new Map<string, Set<string>>()

  constructor(client: QueryClient) {
    this.#client = client
  }

  below(queryKey: QueryKey, everyMs = rereadMs): void {
    this.#paced.run(JSON.stringify(queryKey), everyMs, () => readAgain(this.#client, { queryKey }))
  }

  /** What these procedures say of these things. */
  about(procedures: readonly QueryKey[], ids: readonly string[]): void {
    this.#gather(`about ${JSON.stringify(procedures)}`, ids, 250, (subjects) => isAbout(procedures, subjects))
  }

  /** These alone. */
  each(queryKeys: readonly QueryKey[]): void {
    this.#gather('each', queryKeys.map(hashKey), rereadMs, (hashes) => (query) => hashes.has(query.queryHash))
  }

  #gather(
    name: string,
    items: readonly string[],
    everyMs: number,
    picks: (items: ReadonlySet<string>) => (query: Query) => boolean,
  ): void {
    if (items.length === 0) return
    const gathered = this.#gathered.get(name) ?? new Set()
    for (const item of items) gathered.add(item)
    this.#gathered.set(name, gathered)
    this.#paced.run(name, everyMs, () => {
      const now = this.#gathered.get(name) ?? new Set()
      this.#gathered.delete(name)
      return readAgain(this.#client, { predicate: picks(now) })
    })
  }

  everything(): void {
    this.#paced.run('everything', rereadMs, () =>
      Promise.race([readAllAgain(this.#client), new Promise((done) => setTimeout(done, longestReadingMs))]),
    )
  }

  stop(): void {
    this.#paced.stop()
  }
}
