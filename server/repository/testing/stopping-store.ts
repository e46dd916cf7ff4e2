import type { ByteRange, ObjectStore, StoredObject } from '../object-store.ts'

/** What a process that is killed never hears: the request was made, or was not, and nothing comes after it. */
export class Stopped extends Error {}

/** A store that stops at a chosen change of it, before or after that change was made, as when its user is killed. */
export class StoppingStore implements ObjectStore {
  readonly #store: ObjectStore
  readonly #stopAt: number
  readonly #isMade: boolean
  changes = 0

  constructor(store: ObjectStore, stopAt: number, isMade: boolean) {
    this.#store = store
    this.#stopAt = stopAt
    this.#isMade = isMade
  }

  get name() {
    return this.#store.name
  }

  get isStopped() {
    return this.changes >= this.#stopAt
  }

  put(key: string, parts: readonly Uint8Array[]): Promise<void> {
    return this.#change(() => this.#store.put(key, parts))
  }

  delete(key: string): Promise<void> {
    return this.#change(() => this.#store.delete(key))
  }

  get(key: string, range?: ByteRange): Promise<Buffer | undefined> {
    this.#assertGoing()
    return this.#store.get(key, range)
  }

  list(prefix: string): AsyncIterable<StoredObject> {
    this.#assertGoing()
    return this.#store.list(prefix)
  }

  folders(prefix: string): Promise<string[]> {
    this.#assertGoing()
    return this.#store.folders(prefix)
  }

  #assertGoing() {
    if (this.isStopped) throw new Stopped()
  }

  async #change(change: () => Promise<void>) {
    this.#assertGoing()
    this.changes++
    if (this.isStopped && !this.#isMade) throw new Stopped()
    await change()
    this.#assertGoing()
  }
}
