import type { ChunkStore } from './chunk-store.ts'
import { folderPrefix, nameOf } from './layout.ts'
import { sessionLeaseMs } from './session.ts'

/** Watches others' sessions by the monotonic clock of this process: their own clocks may be wrong. */
export class SessionWatch {
  readonly #chunks: ChunkStore
  readonly #leaseMs: number
  readonly #seen = new Map<string, { version: string; since: number }>()

  constructor(chunks: ChunkStore, leaseMs = sessionLeaseMs) {
    this.#chunks = chunks
    this.#leaseMs = leaseMs
  }

  /** The names of the sessions that are alive; those that have not moved for the whole lease are ended. */
  async alive(): Promise<Set<string>> {
    const alive = new Set<string>()
    for await (const { key, version } of this.#chunks.store.list(folderPrefix(this.#chunks.owner, 'sessions'))) {
      const name = nameOf(key)
      const seen = this.#seen.get(name)
      const now = performance.now()
      if (seen?.version !== version) this.#seen.set(name, { version, since: now })
      else if (now - seen.since >= this.#leaseMs) {
        await this.#chunks.store.delete(key)
        continue
      }
      alive.add(name)
    }
    for (const name of this.#seen.keys()) if (!alive.has(name)) this.#seen.delete(name)
    return alive
  }
}
