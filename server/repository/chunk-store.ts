import { setTimeout as delay } from 'node:timers/promises'
import { eachAtOnce } from '#server/each-at-once.ts'
import { SkerryError } from '#server/errors.ts'
import type { ChunkPool } from './chunk-pool.ts'
import { DamageError } from './damage.ts'
import { DamageList } from './damage-list.ts'
import { assertOwner, type ChunkKind, type DataKey, type Keyring } from './keyring.ts'
import { folderPrefix, nameOf, type Owner, objectKey } from './layout.ts'
import { type Location, MiddleMap, type PackState } from './middle-map.ts'
import type { ObjectStore } from './object-store.ts'
import { type Frame, type Opened, openChunk, type PackKeys } from './open-chunk.ts'
import { footerBytesOf, type PackEntry, packHeaderBytes, packKey, packOwner, readFooter, readTrailer } from './pack.ts'

const footersAtOnce = 16
/** Enough for the footer of nearly every pack at the first try. */
const tailBytes = 32_768
const keptPackKeys = 512

/** Why a pack can't be used, by its id; it is left alone until nothing needs it. */
export type UnreadablePacks = Map<string, { sizeBytes: number; error: DamageError }>

export interface ChunkStoreOptions {
  readonly store: ObjectStore
  readonly owner: Owner
  readonly keyring: Keyring
  readonly mapFolder: string
  readonly pool: ChunkPool
  readonly onDamage?: (() => void) | undefined
}

/** The chunks of one tenant in one datastore: where they lie, and how they are opened. */
export class ChunkStore {
  readonly store: ObjectStore
  readonly owner: Owner
  readonly keyring: Keyring
  readonly map: MiddleMap
  readonly damage: DamageList
  readonly unreadable: UnreadablePacks = new Map()
  readonly #pool: ChunkPool
  readonly #packKeys = new Map<string, PackKeys>()
  /** The keyring's generation that they were made of. */
  #keysFrom = 0
  #refreshing: Promise<void> | undefined
  #refreshAgain: Promise<void> | undefined

  constructor({ store, owner, keyring, mapFolder, pool, onDamage }: ChunkStoreOptions) {
    this.store = store
    this.owner = owner
    this.keyring = keyring
    this.map = new MiddleMap(mapFolder)
    this.#pool = pool
    this.damage = new DamageList(store, owner, keyring, onDamage)
  }

  packObjectKey = (id: string) => objectKey(this.owner, 'packs', id)

  /** A copy of a chunk that is not known to be bad; one that stays is preferred. */
  locate(id: Buffer): Location | undefined {
    return this.locateLasting(id) ?? this.map.find(id, (location) => !this.damage.isBad(location))
  }

  /** A copy that every process can find, though it may have to be moved. */
  locateSound(id: Buffer): Location | undefined {
    return this.map.find(id, ({ pack, offset }) => !pack.unsound && !this.damage.isBad({ pack, offset }))
  }

  /** A copy on which new manifests may count. */
  locateLasting(id: Buffer): Location | undefined {
    return this.map.find(
      id,
      ({ pack, offset }) => !pack.condemned && !pack.unsound && !this.damage.isBad({ pack, offset }),
    )
  }

  /** Reads what changed in the store; what a listing that began after the call would show is known afterwards. */
  refresh(): Promise<void> {
    if (!this.#refreshing) {
      this.#refreshing = this.#refresh().finally(() => {
        this.#refreshing = undefined
      })
      return this.#refreshing
    }
    this.#refreshAgain ??= this.#refreshing
      .catch(() => undefined)
      .then(() => {
        this.#refreshAgain = undefined
        return this.refresh()
      })
    return this.#refreshAgain
  }

  async #refresh() {
    // What is put while we list may be missing from the listing, without being gone.
    const before = [...this.map.packs].filter((pack) => !pack.gone)
    const condemned = new Set<string>()
    for await (const { key } of this.store.list(folderPrefix(this.owner, 'condemned'))) condemned.add(nameOf(key))
    const listed = new Set<string>()
    const unknown: { id: string; sizeBytes: number }[] = []
    for await (const { key, sizeBytes } of this.store.list(folderPrefix(this.owner, 'packs'))) {
      const id = nameOf(key)
      listed.add(id)
      const known = this.map.pack(id)
      if (known) known.gone = false
      if (!known || known.sizeBytes !== sizeBytes) unknown.push({ id, sizeBytes })
    }
    for (const pack of before) pack.gone = !listed.has(pack.id)
    for (const id of this.unreadable.keys()) if (!listed.has(id)) this.unreadable.delete(id)
    await eachAtOnce(unknown, footersAtOnce, (pack) => this.#learn(pack))
    for (const pack of this.map.packs) pack.condemned = condemned.has(pack.id)
    await this.damage.refresh()
  }

  async #learn({ id, sizeBytes }: { id: string; sizeBytes: number }) {
    try {
      const footer = await this.readPackFooter(id, sizeBytes)
      if (footer) this.map.add({ id, keyId: footer.key.id, sizeBytes }, footer.entries)
      this.unreadable.delete(id)
    } catch (error) {
      this.setUnreadable(id, sizeBytes, asPackDamage(error))
    }
  }

  /** What of the pack is known from before can still be read, but nothing new counts on it. */
  setUnreadable(id: string, sizeBytes: number, error: DamageError): void {
    this.unreadable.set(id, { sizeBytes, error })
    const known = this.map.pack(id)
    if (known) known.unsound = true
  }

  /**
   * @returns nothing when the pack is gone
   * @throws DamageError when it was altered or cut short; forbidden when it belongs to somebody else
   */
  async readPackFooter(id: string, sizeBytes: number): Promise<{ key: DataKey; entries: PackEntry[] } | undefined> {
    const key = this.packObjectKey(id)
    let tail = await this.store.get(key, { offset: -tailBytes, bytes: tailBytes })
    if (!tail) return undefined
    const footerBytes = footerBytesOf(readTrailer(tail)?.entryCount ?? 0)
    if (footerBytes > tail.length && footerBytes < sizeBytes) {
      tail = await this.store.get(key, { offset: -footerBytes, bytes: footerBytes })
      if (!tail) return undefined
    }
    return this.openPackFooter(id, sizeBytes, tail)
  }

  /** @param tail the last bytes of the pack, up to all of it */
  async openPackFooter(id: string, sizeBytes: number, tail: Buffer): Promise<{ key: DataKey; entries: PackEntry[] }> {
    const objectKey = this.packObjectKey(id)
    const damaged = (reason: string, cause?: unknown) =>
      new DamageError(`The pack ${objectKey} in ${this.store.name} is damaged: ${reason}.`, { objectKey, cause })
    const trailer = readTrailer(tail)
    const footerBytes = footerBytesOf(trailer?.entryCount ?? 0)
    if (!trailer || footerBytes > tail.length) throw damaged('its end was altered or cut off')
    const packId = Buffer.from(id, 'hex')
    try {
      const key = await this.#dataKey(trailer.keyId, objectKey)
      const entries = readFooter(key, this.owner, packId, trailer.entryCount, tail)
      const last = entries.at(-1)
      const framesEnd = last ? last.offset + last.storedBytes : packHeaderBytes
      if (framesEnd + footerBytes !== sizeBytes) throw damaged('it is shorter or longer than its footer says')
      return { key, entries }
    } catch (error) {
      const header = await this.store.get(objectKey, { offset: 0, bytes: packHeaderBytes })
      const ownerBytes = header && packOwner(header)
      if (ownerBytes) assertOwner(ownerBytes, this.owner, objectKey, this.store.name)
      throw error instanceof SkerryError ? error : damaged('its footer was altered', error)
    }
  }

  /** The key a pack was sealed with, also when another process has made it since. */
  async #dataKey(id: Buffer, objectKey: string): Promise<DataKey> {
    const known = this.keyring.find(id)
    if (known) return known
    await this.keyring.reload()
    const found = this.keyring.find(id)
    if (found) return found
    throw this.keyring.problemOf(id, objectKey)
  }

  async #keysOf({ id, keyId }: Pick<PackState, 'id' | 'keyId'>): Promise<PackKeys> {
    const key = await this.#dataKey(keyId, this.packObjectKey(id))
    if (this.#packKeys.size >= keptPackKeys || this.#keysFrom !== this.keyring.generation) this.#packKeys.clear()
    this.#keysFrom = this.keyring.generation
    const known = this.#packKeys.get(id)
    if (known) return known
    const keys = {
      secret: packKey(key, Buffer.from(id, 'hex')),
      ownerBytes: new Uint8Array(this.owner.bytes),
      idKeys: this.keyring.idKeys(key),
    }
    this.#packKeys.set(id, keys)
    return keys
  }

  /**
   * What a frame holds: as it was sealed, maybe compressed, and as it was before.
   * @throws Error when anything is not as it was written
   */
  async open(pack: PackState, frame: Frame): Promise<{ content: Buffer; bytes: Buffer }> {
    return openChunk(await this.#keysOf(pack), frame)
  }

  /** As `open` for many frames, in a thread. */
  async openAll(pack: PackState, frames: readonly Frame[]): Promise<Opened[]> {
    const keys = await this.#keysOrProblem(pack)
    return typeof keys === 'string' ? frames.map(() => ({ problem: keys })) : this.#pool.open(keys, frames)
  }

  /** Why frames are not as they were written, nothing for one that is; in a thread. */
  async problemsIn(pack: PackState, frames: readonly Frame[]): Promise<(string | undefined)[]> {
    const keys = await this.#keysOrProblem(pack)
    return typeof keys === 'string' ? frames.map(() => keys) : this.#pool.check(keys, frames)
  }

  async #keysOrProblem(pack: PackState): Promise<PackKeys | string> {
    try {
      return await this.#keysOf(pack)
    } catch (error) {
      if (!(error instanceof DamageError)) throw error
      return error.message
    }
  }

  /** @returns the content, or why this place has none; what was read wrong is read once more, from the disk itself */
  async #readFrom(id: Buffer, location: Location): Promise<unknown> {
    let problem: unknown
    for (let attempt = 0; attempt < 2; attempt++) {
      const range = { offset: location.offset, bytes: location.storedBytes }
      const frame = await this.store.get(this.packObjectKey(location.pack.id), range)
      if (!frame) {
        location.pack.gone = true
        return undefined
      }
      try {
        const { bytes: chunk } = await this.open(location.pack, { ...location, id, bytes: frame })
        return chunk
      } catch (error) {
        if (error instanceof SkerryError && !(error instanceof DamageError)) throw error
        problem = error
      }
    }
    return problem
  }

  /**
   * Reads one chunk from wherever it lies now: another copy when one is bad, its new place when it was moved meanwhile.
   * @param bad places that were found bad already
   * @throws DamageError when no good copy is left
   */
  async read(id: Buffer, kind: ChunkKind, bad: Location[] = []): Promise<Buffer> {
    const isBad = (location: Location) =>
      bad.some(({ pack, offset }) => pack === location.pack && offset === location.offset)
    let cause: unknown
    for (let refreshed = 0; refreshed < 3; ) {
      const location =
        this.map.find(id, (each) => !isBad(each) && !this.damage.isBad(each)) ??
        this.map.find(id, (each) => !isBad(each))
      if (!location) {
        // Moved by a compaction, perhaps even twice, or by a worker that this one has not heard of yet.
        if (refreshed > 0) await delay(20 * refreshed)
        await this.refresh()
        refreshed++
        continue
      }
      const read = await this.#readFrom(id, location)
      if (read instanceof Buffer) return read
      cause = read
      if (!location.pack.gone) bad.push(location)
    }
    await this.damage.report(
      id,
      kind,
      bad.filter(({ pack }) => !pack.gone),
    )
    const chunkId = id.toString('hex')
    const [place] = bad
    const where = place ? `is damaged in ${this.packObjectKey(place.pack.id)}` : 'is in no pack'
    throw new DamageError(`The ${kind === 'data' ? 'chunk' : 'segment'} ${chunkId} ${where} of ${this.store.name}.`, {
      chunkId,
      ...(place ? { objectKey: this.packObjectKey(place.pack.id) } : {}),
      cause,
    })
  }
}

/** A pack that is broken, or belongs to somebody else, spoils no other. @throws what is not the pack's fault */
export function asPackDamage(error: unknown): DamageError {
  if (error instanceof DamageError) return error
  if (!(error instanceof SkerryError) || error.code !== 'forbidden') throw error
  return new DamageError(error.message, { cause: error })
}
