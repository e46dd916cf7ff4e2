import { hkdfSync } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { Db } from '#server/db.ts'
import { ChunkCache } from '#server/repository/chunk-cache.ts'
import { DamageError } from '#server/repository/damage.ts'
import { FarReader } from '#server/repository/far-reader.ts'
import type { RecoveryPoint } from '#server/repository/recovery-point.ts'
import type { CloneSource, ReadDisk } from './clone-export.ts'
import type { Repositories } from './repositories.ts'

export interface ClonePointsOptions {
  db: Db
  repositories: Repositories
  /** SKERRY_KEY: what is kept of archives is sealed with the newest */
  keys: string
  /** Of this alone */
  cacheFolder: string
}

/** What a clone stands on: a recovery point in a datastore, or one in an archive store. */
export type Stand = { recoveryPointId: string; hostId: string } & (
  | { datastoreId: string; archiveStoreId: null; tenantId: string | null }
  | { archiveStoreId: string; tenantId: string }
)

interface Opened {
  point: RecoveryPoint
  read: ReadDisk
}

/** @returns undefined where there is no such VM, or it shares nothing */
export async function standOf(db: Db, vmUuid: string): Promise<Stand | undefined> {
  const vm = await db.vm.findUnique({
    where: { uuid: vmUuid },
    select: {
      hostId: true,
      standsOn: { select: { id: true, datastoreId: true, tenantId: true } },
      standsOnArchived: { select: { id: true, archiveStoreId: true, tenantId: true } },
    },
  })
  if (!vm) return undefined
  const { hostId, standsOn, standsOnArchived } = vm
  if (standsOn) return { ...standsOn, hostId, recoveryPointId: standsOn.id, archiveStoreId: null }
  return standsOnArchived ? { ...standsOnArchived, hostId, recoveryPointId: standsOnArchived.id } : undefined
}

const keyOf = (recoveryPointId: string, archiveStoreId: string | null) => `${recoveryPointId} ${archiveStoreId ?? ''}`

/** The recovery points that clones read, each open once for all of them. */
export class ClonePoints {
  readonly #options: ClonePointsOptions
  readonly #open = new Map<string, Promise<Opened>>()
  readonly #renewing = new Set<string>()
  #cache: Promise<ChunkCache> | undefined
  #mayBeLeft = true
  #forgetting: Promise<void> = Promise.resolve()

  constructor(options: ClonePointsOptions) {
    this.#options = options
  }

  open(stand: Stand): Promise<Opened> {
    const key = keyOf(stand.recoveryPointId, stand.archiveStoreId)
    const known = this.#open.get(key)
    if (known) return known
    const opening = this.#openNow(stand)
    this.#open.set(key, opening)
    opening.catch(() => this.#open.delete(key))
    return opening
  }

  /** What a clone's export asks of it. */
  sourceOf(stand: Stand): CloneSource {
    return {
      read: (...range) => this.#use(stand, ({ read }) => read(...range)),
      chunkId: (...place) => this.#use(stand, ({ point }) => point.chunkId(...place)),
    }
  }

  /**
   * After a failure it is opened anew, since its store may be reached by another way by now; until that is done who reads
   * goes on with what was open.
   */
  async #use<T>(stand: Stand, work: (opened: Opened) => Promise<T>): Promise<T> {
    const opening = this.open(stand)
    const opened = await opening
    try {
      return await work(opened)
    } catch (error) {
      if (!(error instanceof DamageError)) void this.#renew(stand, opening)
      throw error
    }
  }

  async #renew(stand: Stand, old: Promise<Opened>): Promise<void> {
    const key = keyOf(stand.recoveryPointId, stand.archiveStoreId)
    if (this.#renewing.has(key) || this.#open.get(key) !== old) return
    this.#renewing.add(key)
    try {
      const opened = await this.#openNow(stand)
      const isWanted = this.#open.get(key) === old
      if (isWanted) this.#open.set(key, Promise.resolve(opened))
      await (isWanted ? await old : opened).point.close()
    } catch {
      // It is tried again with the next read that fails.
    } finally {
      this.#renewing.delete(key)
    }
  }

  /** Closes those that nothing stands on any more. */
  async closeUnused(): Promise<void> {
    const open = [...this.#open]
    if (open.length > 0) {
      const standing = await this.#options.db.vm.findMany({
        where: { standsOnId: { in: open.map(([key]) => key.split(' ')[0] ?? '') } },
        distinct: ['standsOnId', 'standsOnArchiveStoreId'],
        select: { standsOnId: true, standsOnArchiveStoreId: true },
      })
      const used = new Set(
        standing.map(({ standsOnId, standsOnArchiveStoreId }) => keyOf(standsOnId ?? '', standsOnArchiveStoreId)),
      )
      // Not what was opened since: of that nobody has asked whether something stands on it.
      for (const [key, opening] of open) {
        if (used.has(key)) continue
        this.#open.delete(key)
        await opening.then(({ point }) => point.close()).catch(() => {})
      }
    }
    await this.#forgetUnused()
  }

  async close(): Promise<void> {
    for (const opening of this.#open.values()) await opening.then(({ point }) => point.close()).catch(() => {})
    this.#open.clear()
  }

  async #openNow(stand: Stand): Promise<Opened> {
    const { repositories } = this.#options
    const { recoveryPointId: id, tenantId } = stand
    if (stand.archiveStoreId === null) {
      const point = await (await repositories.repository(stand.datastoreId, tenantId)).recoveryPoint(id)
      return { point, read: (target, offset, length) => point.read(target, offset, length) }
    }
    const repository = await repositories.archives.repository(stand.archiveStoreId, stand.tenantId)
    const cache = await this.#kept()
    const point = await repository.recoveryPoint(id, cache)
    const reader = new FarReader(point, cache)
    return { point, read: (target, offset, length) => reader.read(target, offset, length) }
  }

  #kept(): Promise<ChunkCache> {
    const { keys, cacheFolder } = this.#options
    const newest = Buffer.from((keys.split(',')[0] ?? '').trim(), 'base64')
    const key = Buffer.from(hkdfSync('sha256', newest, '', 'skerry clone cache', 32))
    this.#cache ??= this.#forgetting.then(() => ChunkCache.open(cacheFolder, key))
    this.#cache.catch(() => {
      this.#cache = undefined
    })
    return this.#cache
  }

  /** What was kept of archives goes with the last clone that reads one. */
  async #forgetUnused(): Promise<void> {
    if (!this.#cache && !this.#mayBeLeft) return
    if ((await this.#options.db.vm.count({ where: { standsOnArchiveStoreId: { not: null } } })) > 0) return
    if ([...this.#open.keys()].some((key) => !key.endsWith(' '))) return
    this.#cache = undefined
    this.#mayBeLeft = false
    this.#forgetting = rm(this.#options.cacheFolder, { recursive: true, force: true }).catch(() => {})
    await this.#forgetting
  }
}
