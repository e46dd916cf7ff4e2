import { z } from 'zod'
import type { ChunkStore } from './chunk-store.ts'
import { DamageError } from './damage.ts'
import { folderPrefix, nameOf, objectKey } from './layout.ts'
import { openTenantObject, putTenantObject } from './tenant-object.ts'

const Pending = z.object({
  /** The sessions that were alive after everybody could know; nothing until they were listed. */
  waitFor: z.array(z.string()).nullable(),
})

/**
 * Things that will be deleted, known to everybody by the names of the objects alone: recovery points (`removed/`) and
 * packs (`condemned/`). Each goes once the sessions that may still count on it have ended.
 */
export class PendingRemovals {
  readonly #chunks: ChunkStore
  readonly folder: 'removed' | 'condemned'

  constructor(chunks: ChunkStore, folder: 'removed' | 'condemned') {
    this.#chunks = chunks
    this.folder = folder
  }

  async names(): Promise<Set<string>> {
    const names = new Set<string>()
    for await (const { key } of this.#chunks.store.list(folderPrefix(this.#chunks.owner, this.folder))) {
      names.add(nameOf(key))
    }
    return names
  }

  announce(name: string): Promise<void> {
    return this.#put(name, null)
  }

  /** The names for which nobody must be waited any more. Announced must be before the living sessions were listed. */
  async ready(names: Iterable<string>, alive: ReadonlySet<string>): Promise<string[]> {
    const ready: string[] = []
    for (const name of names) {
      const known = await this.#waitFor(name)
      const waitFor = (known ?? [...alive]).filter((session) => alive.has(session))
      if (waitFor.length === 0) ready.push(name)
      else if (!known) await this.#put(name, waitFor)
    }
    return ready
  }

  forget(name: string): Promise<void> {
    return this.#chunks.store.delete(objectKey(this.#chunks.owner, this.folder, name))
  }

  async #waitFor(name: string): Promise<string[] | null> {
    const { store, owner, keyring } = this.#chunks
    try {
      const content = await openTenantObject(store, owner, keyring, this.folder, name)
      return content ? Pending.parse(JSON.parse(content.toString('utf8'))).waitFor : null
    } catch (error) {
      // Whom it waited for can't be known, so it waits for all.
      if (error instanceof DamageError) return null
      throw error
    }
  }

  async #put(name: string, waitFor: string[] | null) {
    const { store, owner, keyring } = this.#chunks
    await putTenantObject(store, owner, keyring, this.folder, name, Buffer.from(JSON.stringify({ waitFor })))
  }
}
