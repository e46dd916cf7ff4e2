import { hkdfSync } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Db } from '#server/db.ts'
import { notFound, SkerryError, unavailable } from '#server/errors.ts'
import { CompressPool } from '#server/repository/compress-pool.ts'
import { Datastore } from '#server/repository/datastore.ts'
import { FolderStore } from '#server/repository/folder-store.ts'
import { masterKeys } from '#server/repository/master-key.ts'
import type { ObjectStore } from '#server/repository/object-store.ts'
import type { Repository } from '#server/repository/repository.ts'
import { DatastoreLocation } from '#server/schema/backup.ts'

/** VMs that belong to no tenant keep their backups apart from every tenant's. */
export const noTenantId = '00000000-0000-0000-0000-000000000000'

export interface RepositoriesOptions {
  db: Db
  /** SKERRY_KEY: base64, the newest first, earlier ones after commas */
  keys: string
  /** Of this process alone */
  cacheFolder: string
}

/** The tenants' repositories that this worker has open, one for each datastore and tenant. */
export class Repositories {
  readonly #options: RepositoriesOptions
  readonly #pool = new CompressPool()
  readonly #open = new Map<string, Promise<Repository>>()

  constructor(options: RepositoriesOptions) {
    this.#options = options
  }

  /** Makes the datastore in its folder; one that is there already with this id stays as it is. */
  async prepare(id: string, location: DatastoreLocation): Promise<void> {
    await makeFolder(location.path)
    const options = this.#datastoreOptions(id, await FolderStore.prepare(location.path))
    try {
      await Datastore.create(options)
    } catch (error) {
      if (!(error instanceof SkerryError && error.code === 'conflict')) throw error
      await Datastore.open(options)
    }
  }

  /** @throws not-found for a datastore without a row, unavailable where its store can't be reached */
  async repository(datastoreId: string, tenantId: string | null): Promise<Repository> {
    const key = `${datastoreId} ${tenantId}`
    const known = this.#open.get(key)
    if (known) return known
    const opening = this.#openNow(datastoreId, tenantId)
    this.#open.set(key, opening)
    opening.catch(() => this.#open.delete(key))
    return opening
  }

  async close(): Promise<void> {
    for (const opening of this.#open.values()) await opening.then((repository) => repository.close()).catch(() => {})
    this.#open.clear()
    await this.#pool.close()
  }

  async #openNow(datastoreId: string, tenantId: string | null): Promise<Repository> {
    const row = await this.#options.db.datastore.findUnique({ where: { id: datastoreId } })
    if (!row) throw notFound('datastore', datastoreId)
    const { path } = DatastoreLocation.parse({ kind: row.kind, ...(row.location as object) })
    const datastore = await Datastore.open(this.#datastoreOptions(datastoreId, await FolderStore.open(path)))
    return datastore.repository(tenantId ?? noTenantId)
  }

  #datastoreOptions(id: string, store: ObjectStore) {
    const { keys, cacheFolder } = this.#options
    return {
      id,
      store,
      masters: masterKeys(keys.split(',').map(derived)),
      cacheFolder: join(cacheFolder, 'repository'),
      pool: this.#pool,
    }
  }
}

/** Its parent must be there: a path that is all new is more likely mistyped than meant. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EEXIST') return
    const why = code === 'ENOENT' ? 'the folder above it is not there' : 'the worker may not'
    throw unavailable(`The datastore’s folder can’t be made: ${why}.`, {
      wayOut: 'Make it on the workers’ machines, writable for the worker, or give another path.',
      detail: `${path}: ${String(code)}`,
      cause: error,
    })
  }
}

/** Another key than the one that seals hosts' credentials, though of the same root. */
const derived = (key: string) =>
  Buffer.from(hkdfSync('sha256', Buffer.from(key.trim(), 'base64'), '', 'skerry repository master key', 32))
