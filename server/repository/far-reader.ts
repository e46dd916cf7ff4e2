import type { ChunkCache } from './chunk-cache.ts'
import { DamageError } from './damage.ts'
import { chunkBytes } from './layout.ts'
import { isZeroId } from './manifest.ts'
import type { RecoveryPoint } from './recovery-point.ts'

/** 1 MiB of disk: so much is fetched at once, since who reads here soon reads beside it. */
const stretchChunks = 16

/**
 * Reads disks of a recovery point in a store where each request takes long and each byte is paid for: a stretch at a time,
 * into a cache, and of many who want the same at once one fetches it.
 */
export class FarReader {
  readonly #point: RecoveryPoint
  readonly #cache: ChunkCache
  readonly #fetching = new Map<string, Promise<void>>()

  /** @param point opened with the cache */
  constructor(point: RecoveryPoint, cache: ChunkCache) {
    this.#point = point
    this.#cache = cache
  }

  async read(disk: string, offset: number, length: number): Promise<Buffer> {
    const [first, end] = [Math.floor(offset / chunkBytes), Math.ceil((offset + length) / chunkBytes)]
    for (let from = first; from < end && this.#cache.keeps; ) {
      const stretch = Math.floor(from / stretchChunks)
      const to = Math.min(end, (stretch + 1) * stretchChunks)
      if ((await this.#missing(disk, from, to)).length > 0) await this.#fetch(disk, stretch)
      from = to
    }
    return this.#point.read(disk, offset, length)
  }

  async #missing(disk: string, from: number, to: number): Promise<number[]> {
    const missing: number[] = []
    for (let index = from; index < to; index++) {
      const id = await this.#point.chunkId(disk, index)
      if (!isZeroId(id) && !this.#cache.has(id)) missing.push(index)
    }
    return missing
  }

  #fetch(disk: string, stretch: number): Promise<void> {
    const key = `${stretch} ${disk}`
    const known = this.#fetching.get(key)
    if (known) return known
    const fetching = this.#fetchNow(disk, stretch).finally(() => this.#fetching.delete(key))
    this.#fetching.set(key, fetching)
    return fetching
  }

  async #fetchNow(disk: string, stretch: number): Promise<void> {
    const from = stretch * stretchChunks
    const chunkCount = this.#point.chunkCount(disk)
    const missing = await this.#missing(disk, from, Math.min(chunkCount, from + stretchChunks))
    try {
      // Reading them keeps them.
      for await (const _ of this.#point.chunks(disk, missing));
    } catch (error) {
      // Who wants that very one is told so.
      if (!(error instanceof DamageError)) throw error
    }
  }
}
