import { conflict, unavailable } from '#server/errors.ts'
import { sealObject } from './envelope.ts'
import { openOwned } from './keyring.ts'
import { folderPrefix, nameOf, type Owner, ownerOf, uuidToBytes } from './layout.ts'
import type { MasterKey } from './master-key.ts'
import type { ObjectStore } from './object-store.ts'
import { Repository, type RepositoryOptions } from './repository.ts'

export type DatastoreOptions = Omit<RepositoryOptions, 'tenantId' | 'datastoreId'> & { readonly id: string }

const markerKey = (id: string) => `${id}/datastore`
/** A datastore's own objects belong to no tenant. */
const noTenant = Buffer.alloc(16)

function ownerOfMarker(id: string): Owner {
  return { datastoreId: id, tenantId: '', bytes: Buffer.concat([uuidToBytes('datastore', id), noTenant]) }
}

/**
 * One of possibly many datastores over the same underlying store. What was written through it carries its id in the
 * key's path and sealed in the object, and opens through no other.
 */
export class Datastore {
  readonly id: string
  readonly #options: DatastoreOptions

  private constructor(options: DatastoreOptions) {
    this.id = options.id
    this.#options = options
  }

  /** @throws conflict when the store has it already */
  static async create(options: DatastoreOptions): Promise<Datastore> {
    const { store, id, masters } = options
    if (await store.get(markerKey(id))) {
      throw conflict(`The datastore ${id} is in the ${store.name} already.`, 'Open it instead of making it.')
    }
    const datastore = new Datastore(options)
    await datastore.#mark(masters[0])
    return datastore
  }

  /** @throws unavailable when the store does not hold it, or it was made with another master key */
  static async open(options: DatastoreOptions): Promise<Datastore> {
    const datastore = new Datastore(options)
    await datastore.assertThere()
    return datastore
  }

  /** @throws unavailable when the store does not hold it, or it was made with another master key */
  async assertThere(): Promise<void> {
    const { store, id, masters } = this.#options
    const bytes = await store.get(markerKey(id))
    if (!bytes) {
      throw unavailable(`The mark of the datastore ${id} is not in the ${store.name}.`, {
        wayOut: 'Check that the datastore points to the right folder or bucket.',
      })
    }
    openOwned(bytes, {
      kind: 'datastore',
      owner: ownerOfMarker(id),
      objectId: uuidToBytes('datastore', id),
      objectKey: markerKey(id),
      storeName: store.name,
      secretOf: (keyId) => masters.find((master) => master.id.equals(keyId))?.secret,
      missingSecret: () =>
        unavailable(
          `The datastore ${id} in the ${store.name} was made with a master key that this process does not have.`,
          {
            wayOut: 'Give the worker the master key with which it was made, after the newest one.',
          },
        ),
    })
  }

  /** Recovery points of all tenants, but those that are only waiting to be deleted. */
  static async recoveryPointCount(store: ObjectStore, id: string): Promise<number> {
    const names = { manifests: new Set<string>(), removed: new Set<string>() }
    for (const tenantId of await store.folders(`${id}/`)) {
      const owner = ownerOf(id, tenantId)
      for (const folder of ['manifests', 'removed'] as const) {
        for await (const { key } of store.list(folderPrefix(owner, folder))) names[folder].add(nameOf(key))
      }
    }
    return [...names.manifests].filter((name) => !names.removed.has(name)).length
  }

  /** Deletes all of its objects, its mark last. */
  static async remove(store: ObjectStore, id: string): Promise<void> {
    for await (const { key } of store.list(`${id}/`)) if (key !== markerKey(id)) await store.delete(key)
    await store.delete(markerKey(id))
    await store.dropFolder?.(id)
  }

  /** The backups of one tenant here. */
  repository(tenantId: string): Promise<Repository> {
    return Repository.open({ ...this.#options, datastoreId: this.id, tenantId })
  }

  /** The tenants that have anything here, also those whose last recovery point is gone. */
  async tenantIds(): Promise<string[]> {
    return (await this.#options.store.folders(`${this.id}/`)).sort()
  }

  /** Seals the datastore's own object with the newest master key. */
  async rewrap(): Promise<void> {
    await this.#mark(this.#options.masters[0])
  }

  async #mark(master: MasterKey) {
    const ownerBytes = ownerOfMarker(this.id).bytes
    const about = {
      kind: 'datastore' as const,
      keyId: master.id,
      ownerBytes,
      objectId: uuidToBytes('datastore', this.id),
    }
    await this.#options.store.put(markerKey(this.id), sealObject(master.secret, about, Buffer.from('{}')))
  }
}
