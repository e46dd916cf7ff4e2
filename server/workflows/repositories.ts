import { createHash, hkdfSync } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CredentialBox } from '#server/core/credential.ts'
import { sealedOf } from '#server/core/store-credential.ts'
import type { Db } from '#server/db.ts'
import { notFound, SkerryError } from '#server/errors.ts'
import { log } from '#server/log.ts'
import { ChunkPool } from '#server/repository/chunk-pool.ts'
import { Datastore } from '#server/repository/datastore.ts'
import { masterKeys } from '#server/repository/master-key.ts'
import type { ObjectStore } from '#server/repository/object-store.ts'
import type { Repository } from '#server/repository/repository.ts'
import { tryStore } from '#server/repository/store-trial.ts'
import { locationOf, type StoreSummary } from '#server/schema/store.ts'
import { Archives } from './archives.ts'
import { openStore, prepareStore, type StorePlace, testStore } from './store.ts'

/** VMs that belong to no tenant keep their backups apart from every tenant's. */
export const noTenantId = '00000000-0000-0000-0000-000000000000'

export interface RepositoriesOptions {
  db: Db
  /** SKERRY_KEY: base64, the newest first, earlier ones after commas */
  keys: string
  /** Of this process alone */
  cacheFolder: string
  /** Of who gives it; otherwise there is one of its own */
  pool?: ChunkPool
}

/** A datastore as it was opened. */
export interface OpenDatastore {
  readonly store: ObjectStore
  readonly datastore: Datastore
}

interface Opened extends OpenDatastore {
  readonly cacheFolder: string
  readonly repositories: Map<string, Promise<Repository>>
}

/** The datastores that this worker has open, and in each the repositories of tenants. */
export class Repositories {
  readonly archives: Archives
  readonly #options: RepositoriesOptions
  readonly #box: CredentialBox
  readonly #pool: ChunkPool
  /** By id, for the way that leads to it */
  readonly #open = new Map<string, { way: string; opening: Promise<Opened> }>()
  /** Opened by a way that was changed since; who has one goes on with it. */
  readonly #retired: Promise<Opened>[] = []

  constructor(options: RepositoriesOptions) {
    this.#options = options
    this.#box = CredentialBox.fromText(options.keys)
    const { db, cacheFolder } = options
    this.#pool = options.pool ?? new ChunkPool()
    this.archives = new Archives({ db, box: this.#box, pool: this.#pool, cacheFolder })
  }

  /** Proves that a store will do, without changing it. */
  test(place: StorePlace, onStage: (stage: string) => void): Promise<StoreSummary> {
    return testStore(this.#box, place, onStage)
  }

  /** Makes the datastore in its store; one that is there already with this id stays as it is. */
  async prepare(place: StorePlace): Promise<void> {
    const store = await prepareStore(this.#box, place)
    try {
      await tryStore(store)
      const options = this.#datastoreOptions(place.storeId, store, this.#options.cacheFolder)
      try {
        await Datastore.create(options)
      } catch (error) {
        if (!(error instanceof SkerryError && error.code === 'conflict')) throw error
        await Datastore.open(options)
      }
    } finally {
      store.close?.()
    }
  }

  /** @throws unavailable unless the datastore of this id can be used there */
  async assertThere(place: StorePlace): Promise<void> {
    const store = await openStore(this.#box, place)
    try {
      await Datastore.open(this.#datastoreOptions(place.storeId, store, this.#options.cacheFolder))
      await tryStore(store)
    } finally {
      store.close?.()
    }
  }

  /** A store that is closed after use, whatever the datastores' rows say. */
  async withStore<T>(place: StorePlace, use: (store: ObjectStore) => Promise<T>): Promise<T> {
    const store = await openStore(this.#box, place)
    try {
      return await use(store)
    } finally {
      store.close?.()
    }
  }

  /** @throws not-found for a datastore without a row, unavailable where its store can't be reached */
  async datastore(id: string): Promise<OpenDatastore> {
    return this.#opened(id)
  }

  /** @throws not-found for a datastore without a row, unavailable where its store can't be reached */
  async repository(datastoreId: string, tenantId: string | null): Promise<Repository> {
    const { datastore, repositories } = await this.#opened(datastoreId)
    const key = tenantId ?? noTenantId
    const known = repositories.get(key)
    if (known) return known
    const opening = datastore.repository(key)
    repositories.set(key, opening)
    opening.catch(() => repositories.delete(key))
    return opening
  }

  async close(): Promise<void> {
    const all = [...this.#retired, ...[...this.#open.values()].map(({ opening }) => opening)]
    for (const opening of all) await opening.then(closeAll).catch(() => {})
    for (const retired of this.#retired) {
      await retired.then(({ cacheFolder }) => rm(cacheFolder, { recursive: true, force: true })).catch(() => {})
    }
    this.#open.clear()
    await this.archives.close()
    if (!this.#options.pool) await this.#pool.close()
  }

  async #opened(id: string): Promise<Opened> {
    const row = await this.#options.db.datastore.findUnique({ where: { id } })
    if (!row) throw notFound('datastore', id)
    const place = {
      ...{ storeId: id, location: locationOf(row), sealed: sealedOf(row.credential) },
      name: `datastore ${row.name}`,
    }
    const way = createHash('sha256')
      .update(JSON.stringify([place.location, place.sealed]))
      .digest('hex')
      .slice(0, 16)
    const known = this.#open.get(id)
    if (known?.way === way) {
      const opened = await known.opening
      opened.store.name = place.name
      return opened
    }
    if (known) this.#retired.push(known.opening)
    const opening = this.#openNow(place, way)
    this.#open.set(id, { way, opening })
    opening.catch(() => {
      if (this.#open.get(id)?.opening === opening) this.#open.delete(id)
    })
    return opening
  }

  async #openNow(place: StorePlace, way: string): Promise<Opened> {
    // Each way has a cache of its own: what was opened by an earlier one may still be in use.
    const folder = join(this.#options.cacheFolder, 'repository')
    const cacheFolder = join(folder, `${place.storeId}-${way}`)
    if (this.#retired.length === 0) await forgetOthers(folder, place.storeId, cacheFolder)
    const store = await openStore(this.#box, place)
    try {
      const datastore = await Datastore.open(this.#datastoreOptions(place.storeId, store, cacheFolder))
      return { store, datastore, cacheFolder, repositories: new Map() }
    } catch (error) {
      store.close?.()
      throw error
    }
  }

  /** What a restore or a reader of files finds broken is soon known to everybody, with whom it hurts. */
  #measureSoon(id: string): void {
    const asked = this.#options.db.datastore.updateMany({ where: { id }, data: { measureNow: true } })
    asked.catch((error: unknown) => log.warn({ datastore: id, error: String(error) }, 'damage is told later'))
  }

  #datastoreOptions(id: string, store: ObjectStore, cacheFolder: string) {
    const masters = masterKeys(this.#options.keys.split(',').map(derived))
    return { id, store, masters, cacheFolder, pool: this.#pool, onDamage: () => this.#measureSoon(id) }
  }
}

async function closeAll({ store, repositories }: Opened): Promise<void> {
  for (const opening of repositories.values()) await opening.then((repository) => repository.close()).catch(() => {})
  store.close?.()
}

/** What a worker before this one kept of the datastore as it was reached then. */
async function forgetOthers(folder: string, id: string, kept: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name)
    if (name.startsWith(id) && path !== kept) await rm(path, { recursive: true, force: true })
  }
}

/** Another key than the one that seals hosts' credentials, though of the same root. */
const derived = (key: string) =>
  Buffer.from(hkdfSync('sha256', Buffer.from(key.trim(), 'base64'), '', 'skerry repository master key', 32))
