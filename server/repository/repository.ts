import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { conflict, notFound } from '#server/errors.ts'
import { type BackupRequest, BackupWriter } from './backup-writer.ts'
import { brokenAmong } from './broken-point.ts'
import type { ChunkCache } from './chunk-cache.ts'
import { ChunkPool } from './chunk-pool.ts'
import { ChunkStore } from './chunk-store.ts'
import { Collector, type CollectReport, type CollectRequest } from './collector.ts'
import { changedChunks, difference, readChanges } from './diff.ts'
import { type Hold, holdRecoveryPoint } from './hold.ts'
import { Keyring } from './keyring.ts'
import { folderPrefix, nameOf, ownerOf } from './layout.ts'
import { LockedError } from './locked.ts'
import { listManifests, type Manifest, manifestKey, nameOfManifest, readLastingManifest } from './manifest.ts'
import type { MasterKey } from './master-key.ts'
import type { ObjectStore } from './object-store.ts'
import { PendingRemovals } from './pending-removal.ts'
import { RecoveryPoint } from './recovery-point.ts'
import { measureUsage, type RepositoryUsage } from './usage.ts'
import { type VerifyReport, type VerifyRequest, verify } from './verify.ts'

export interface RepositoryOptions {
  readonly store: ObjectStore
  readonly datastoreId: string
  readonly tenantId: string
  readonly masters: readonly [MasterKey, ...MasterKey[]]
  /** A local folder of this process alone, for maps and tables; losing it costs time, nothing else. */
  readonly cacheFolder: string
  /** Shared by all repositories of a process. */
  readonly pool?: ChunkPool | undefined
  readonly packBytes?: number | undefined
  /** How long a session may stand still before it is taken for dead. */
  readonly sessionLeaseMs?: number | undefined
  /** Told when something was found broken that nobody knew of. */
  readonly onDamage?: (() => void) | undefined
}

/** One tenant's backups in one datastore. */
export class Repository {
  readonly chunks: ChunkStore
  readonly #options: RepositoryOptions
  readonly #pool: ChunkPool
  readonly #collector: Collector
  #collecting: Promise<unknown> = Promise.resolve()

  private constructor(options: RepositoryOptions, chunks: ChunkStore, pool: ChunkPool) {
    this.chunks = chunks
    this.#options = options
    this.#pool = pool
    this.#collector = new Collector(chunks, pool, options)
  }

  /** Opens the repository, which begins to exist by that. */
  static async open(options: RepositoryOptions): Promise<Repository> {
    const { store, onDamage, pool = new ChunkPool() } = options
    const owner = ownerOf(options.datastoreId, options.tenantId)
    const keyring = await Keyring.open(store, owner, options.masters)
    const mapFolder = join(options.cacheFolder, options.datastoreId, options.tenantId, 'map')
    const chunks = new ChunkStore({ store, owner, keyring, mapFolder, pool, onDamage })
    await chunks.refresh()
    return new Repository(options, chunks, pool)
  }

  async close(): Promise<void> {
    if (!this.#options.pool) await this.#pool.close()
    await this.chunks.map.close()
  }

  startBackup(request: BackupRequest): Promise<BackupWriter> {
    const { cacheFolder, datastoreId, tenantId, packBytes } = this.#options
    const tableFolder = join(cacheFolder, datastoreId, tenantId, 'table')
    return BackupWriter.start(this.chunks, request, { pool: this.#pool, tableFolder, packBytes })
  }

  /** Opens a recovery point for reading; close it. */
  recoveryPoint(id: string, cache?: ChunkCache): Promise<RecoveryPoint> {
    return RecoveryPoint.open(this.chunks, id, cache)
  }

  /** What a recovery point holds, without opening it; nothing when there is none. */
  describe(id: string): Promise<Manifest | undefined> {
    return readLastingManifest(this.chunks, id)
  }

  async *recoveryPointIds(): AsyncGenerator<string> {
    const removed = await new PendingRemovals(this.chunks, 'removed').names()
    for await (const { id } of listManifests(this.chunks)) if (!removed.has(nameOfManifest(id))) yield id
  }

  /**
   * Makes the id of one that was removed free again.
   * @throws conflict while something counts on what it held, or it is locked
   */
  async freeId(id: string): Promise<void> {
    const isHidden = async () => (await new PendingRemovals(this.chunks, 'removed').names()).has(nameOfManifest(id))
    if (!(await isHidden())) return
    await this.collect()
    if (!(await isHidden())) return
    const until = await this.heldUntil(id)
    if (until) throw new LockedError(manifestKey(this.chunks, id), this.chunks.store.name, until)
    throw conflict(
      'This recovery point was removed a moment ago, and something still reads what it shares with others.',
      'Try again when the backups and restores under way have ended.',
    )
  }

  /** Hides the recovery point at once; who reads it goes on. Its space is given back by `collect`. */
  async remove(id: string): Promise<void> {
    if (!(await readLastingManifest(this.chunks, id).catch(() => true))) throw notFound('recovery point', id)
    await new PendingRemovals(this.chunks, 'removed').announce(nameOfManifest(id))
  }

  /** Those of some recovery points that are gone or miss something; what is in packs is not read. */
  brokenOf(ids: readonly string[], signal?: AbortSignal): Promise<Set<string>> {
    return brokenAmong(this.chunks, ids, signal)
  }

  /**
   * Keeps a recovery point, with all that reading it takes, from being deleted by anybody.
   * @returns how many objects were locked, or were already
   */
  hold(id: string, hold: Hold): Promise<number> {
    return holdRecoveryPoint(this.chunks, id, hold)
  }

  /** Until when it can't be deleted; nothing when it can. */
  async heldUntil(id: string): Promise<Date | undefined> {
    return this.chunks.store.locks?.heldUntil(manifestKey(this.chunks, id))
  }

  /** Deletes what no recovery point names, and moves what is left of half-empty packs together. Call it again and again. */
  collect(request: CollectRequest = {}): Promise<CollectReport> {
    const run = this.#collecting.catch(() => undefined).then(() => this.#collector.run(request))
    this.#collecting = run
    return run
  }

  /** Whether something was given up that is not deleted yet. */
  async hasPending(): Promise<boolean> {
    for (const folder of ['removed', 'condemned'] as const) {
      if ((await new PendingRemovals(this.chunks, folder).names()).size > 0) return true
    }
    return false
  }

  changedChunks(from: RecoveryPoint, to: RecoveryPoint, diskName: string) {
    return changedChunks(this.chunks, from, to, diskName)
  }

  /** What must be written over `from` to have `to`. */
  readChanges(from: RecoveryPoint, to: RecoveryPoint, diskName: string) {
    return readChanges(from, to, diskName)
  }

  difference(from: RecoveryPoint, to: RecoveryPoint, diskName: string) {
    return difference(this.chunks, from, to, diskName)
  }

  /** Finds what is broken; see `VerifyRequest` for verifying a bit at a time. */
  verify(request: VerifyRequest = {}): Promise<VerifyReport> {
    return verify(this.chunks, request)
  }

  /** Of all packs, or of those behind one. */
  async packedBytes(afterPack = ''): Promise<number> {
    let sum = 0
    for await (const { key, sizeBytes } of this.#options.store.list(folderPrefix(this.chunks.owner, 'packs'))) {
      if (nameOf(key) > afterPack) sum += sizeBytes
    }
    return sum
  }

  /** Whether something was found broken, by a verify or a reader, that may not be healed yet. */
  async hasDamage(): Promise<boolean> {
    await this.chunks.refresh()
    return this.chunks.damage.chunks.length > 0 || this.chunks.unreadable.size > 0
  }

  /** Real bytes: of each recovery point alone, of what they share, of the whole tenant here. Reads every manifest. */
  usage(): Promise<RepositoryUsage> {
    return measureUsage(this.chunks)
  }

  /** Seals with a new data key from now on. */
  rotateKey(): Promise<void> {
    return this.chunks.keyring.rotate()
  }

  /** Wraps the data keys with the newest master key. */
  rewrapKeys(): Promise<void> {
    return this.chunks.keyring.rewrap()
  }

  /** Forgets the local cache; the next open reads it from the store. */
  static async forgetCache({ cacheFolder, datastoreId, tenantId }: RepositoryOptions): Promise<void> {
    await rm(join(cacheFolder, datastoreId, tenantId), { recursive: true, force: true })
  }
}
