import type { ChunkStore } from './chunk-store.ts'
import { LockedError } from './locked.ts'

export interface LockedRest {
  readonly objects: number
  readonly bytes: number
  /** When the last of it can go */
  readonly until: Date | null
}

/** Finds out what can't be deleted yet, and adds it up. */
export class LockedTally {
  readonly #chunks: ChunkStore
  readonly #found = new Map<string, { bytes: number; until: Date }>()

  constructor(chunks: ChunkStore) {
    this.#chunks = chunks
  }

  /** @returns whether it is gone: by the store's clock a lock may last longer than by ours */
  async delete(key: string, bytes: number): Promise<boolean> {
    try {
      await this.#chunks.store.delete(key)
      return true
    } catch (error) {
      if (!(error instanceof LockedError)) throw error
      this.#found.set(key, { bytes, until: error.until })
      return false
    }
  }

  async has(key: string, bytes: number): Promise<boolean> {
    const until = this.#found.get(key)?.until ?? (await this.#chunks.store.locks?.heldUntil(key))
    if (until) this.#found.set(key, { bytes, until })
    return until !== undefined
  }

  get rest(): LockedRest {
    let [bytes, until]: [number, Date | null] = [0, null]
    for (const each of this.#found.values()) {
      bytes += each.bytes
      if (!until || until < each.until) until = each.until
    }
    return { objects: this.#found.size, bytes, until }
  }
}
