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
    const all = [...this.#found.values()]
    const last = Math.max(...all.map(({ until }) => until.getTime()))
    const bytes = all.reduce((sum, each) => sum + each.bytes, 0)
    return { objects: all.length, bytes, until: all.length > 0 ? new Date(last) : null }
  }
}
