import type { LockMode } from '#server/schema/archive.ts'

/** One object as a listing shows it. */
export interface StoredObject {
  readonly key: string
  readonly sizeBytes: number
  /** Another text whenever the object was written again. */
  readonly version: string
}

/** A piece of an object; a negative offset counts from its end. Fewer bytes come back where the object is shorter. */
export interface ByteRange {
  readonly offset: number
  readonly bytes: number
}

/** Of the whole file system, whoever else uses it. */
export interface StoreRoom {
  readonly freeBytes: number
  readonly totalBytes: number
}

/** Keeps objects from being deleted before their time, whoever asks for it and with whichever right. */
export interface ObjectLocks {
  /** What is locked for longer or more strictly stays so. @throws unavailable when the object is gone */
  hold(key: string, until: Date, mode: LockMode): Promise<void>
  /** @returns nothing when it is not locked, or no longer */
  heldUntil(key: string): Promise<Date | undefined>
}

/**
 * All that the repository asks of what stores its bytes: a folder, a bucket. What was put is there in full or not at
 * all, survives a power cut once `put` returned, and shows in the next listing. Every failure is a SkerryError that
 * names the store, the step and the way out.
 */
export interface ObjectStore {
  /** For messages, which everybody may read: `datastore Vault`; `folder /srv/backup` where only operators do. */
  name: string
  /** Writes the parts as one object, over an earlier one. */
  put(key: string, parts: readonly Uint8Array[]): Promise<void>
  /** @returns nothing when there is no such object */
  get(key: string, range?: ByteRange): Promise<Buffer | undefined>
  /** As `get` for many pieces, none counted from the end, where a store has a quicker way to them than one by one. */
  getPieces?(key: string, ranges: readonly ByteRange[]): Promise<Buffer[] | undefined>
  /** Every object below a prefix that ends with a slash. */
  list(prefix: string): AsyncIterable<StoredObject>
  /** An object that is not there counts as deleted. @throws LockedError for one that is locked */
  delete(key: string): Promise<void>
  /** The names right below a prefix that ends with a slash and have objects below themselves. */
  folders(prefix: string): Promise<string[]>
  /** Removes what killed writers left half-written, where a store can have such things. */
  sweep?(): Promise<number>
  /** Room for more, where a store knows it. */
  room?(): Promise<StoreRoom>
  /** Removes what is left of a prefix without objects, where a store keeps such things. */
  dropFolder?(folder: string): Promise<void>
  /** Missing where it locks nothing. */
  readonly locks?: ObjectLocks | undefined
  /** Why it locks nothing, where the store itself knows. */
  readonly lockRefusal?: string | undefined
  close?(): void
}
