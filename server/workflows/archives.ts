import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { archiveKeyOf } from '#server/core/archive-key.ts'
import type { CredentialBox } from '#server/core/credential.ts'
import { sealedOf } from '#server/core/store-credential.ts'
import type { Db } from '#server/db.ts'
import { notFound } from '#server/errors.ts'
import { archiveMasters } from '#server/repository/archive.ts'
import type { ChunkPool } from '#server/repository/chunk-pool.ts'
import type { ObjectStore } from '#server/repository/object-store.ts'
import { Repository } from '#server/repository/repository.ts'
import { locationOf } from '#server/schema/store.ts'
import { openStore, type StorePlace } from './store.ts'

export interface ArchivesOptions {
  db: Db
  box: CredentialBox
  pool: ChunkPool
  cacheFolder: string
}

interface Opened {
  store: ObjectStore
  repositories: Map<string, Promise<Repository>>
}

/**
 * The archive stores that this worker has open. Each tenant's repository there is sealed with the tenant's own archive
 * key, so that the store and that key are all that reading it takes.
 */
export class Archives {
  readonly #options: ArchivesOptions
  /** By id and the way that leads to it */
  readonly #open = new Map<string, Promise<Opened>>()

  constructor(options: ArchivesOptions) {
    this.#options = options
  }

  /** @throws not-found for a store without a row, unavailable where it can't be reached */
  async repository(archiveStoreId: string, tenantId: string): Promise<Repository> {
    const { name, store, repositories } = await this.#opened(archiveStoreId)
    const known = repositories.get(tenantId)
    if (known) return known
    const repository = this.#repository(
      store,
      archiveStoreId,
      tenantId,
      join(this.#options.cacheFolder, 'archive', name),
    )
    repositories.set(tenantId, repository)
    repository.catch(() => repositories.delete(tenantId))
    return repository
  }

  /** Everybody who ought to have something there, or has what our key of theirs opens, in the order in which they are read. */
  async tenantIds(archiveStoreId: string): Promise<string[]> {
    const { db } = this.#options
    const { store } = await this.#opened(archiveStoreId)
    const folders = new Set(await store.folders(`${archiveStoreId}/`))
    const keys = await db.archiveKey.findMany({ select: { tenantId: true } })
    const points = await db.archivedPoint.groupBy({ by: ['tenantId'], where: { archiveStoreId } })
    const there = [...keys.filter(({ tenantId }) => folders.has(tenantId)), ...points]
    return [...new Set(there.map(({ tenantId }) => tenantId))].sort()
  }

  async #opened(archiveStoreId: string): Promise<Opened & { name: string }> {
    const place = await this.#placeOf(archiveStoreId)
    const way = createHash('sha256')
      .update(JSON.stringify([place.location, place.sealed]))
      .digest('hex')
      .slice(0, 16)
    const name = `${archiveStoreId}-${way}`
    const opening = this.#open.get(name) ?? this.#openNow(place)
    this.#open.set(name, opening)
    opening.catch(() => this.#open.delete(name))
    return { ...(await opening), name }
  }

  async close(): Promise<void> {
    for (const opening of this.#open.values()) {
      await opening
        .then(async ({ store, repositories }) => {
          for (const each of repositories.values()) await each.then((one) => one.close()).catch(() => undefined)
          store.close?.()
        })
        .catch(() => undefined)
    }
    this.#open.clear()
  }

  async #openNow(place: StorePlace): Promise<Opened> {
    return { store: await openStore(this.#options.box, place), repositories: new Map() }
  }

  async #repository(store: ObjectStore, datastoreId: string, tenantId: string, cacheFolder: string) {
    const { db, box, pool } = this.#options
    const masters = archiveMasters(await archiveKeyOf(db, box, tenantId))
    return Repository.open({ store, datastoreId, tenantId, masters, cacheFolder, pool })
  }

  async #placeOf(id: string): Promise<StorePlace> {
    const row = await this.#options.db.archiveStore.findUnique({ where: { id } })
    if (!row) throw notFound('archive store', id)
    return {
      ...{ storeId: id, location: locationOf(row), sealed: sealedOf(row.credential) },
      name: `archive store ${row.name}`,
    }
  }
}
