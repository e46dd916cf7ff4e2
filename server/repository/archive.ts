import { hkdfSync } from 'node:crypto'
import { unavailable } from '#server/errors.ts'
import type { ChunkPool } from './chunk-pool.ts'
import { type MasterKey, masterKeys } from './master-key.ts'
import type { ObjectStore } from './object-store.ts'
import { Repository } from './repository.ts'

/** The key that a tenant keeps seals its archives through one made of it. */
export function archiveMasters(key: Buffer): readonly [MasterKey, ...MasterKey[]] {
  return masterKeys([Buffer.from(hkdfSync('sha256', key, '', 'skerry archive master key', 32))])
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * The archive that a key opens, wherever in the store it is: all that is known of it is the store and the key.
 * @throws unavailable when the store has none
 */
export async function openArchive(
  store: ObjectStore,
  key: Buffer,
  options: { cacheFolder: string; pool?: ChunkPool },
): Promise<Repository> {
  for (const datastoreId of (await store.folders('')).filter((name) => uuid.test(name))) {
    for (const tenantId of (await store.folders(`${datastoreId}/`)).filter((name) => uuid.test(name))) {
      const keys: string[] = []
      for await (const object of store.list(`${datastoreId}/${tenantId}/keys/`)) keys.push(object.key)
      if (keys.length === 0) continue
      const all = { ...options, store, datastoreId, tenantId, masters: archiveMasters(key) }
      const repository = await Repository.open(all).catch(() => undefined)
      if (repository) return repository
    }
  }
  throw unavailable(`Nothing in the ${store.name} is opened by this key.`, {
    wayOut: 'Check that it is the key of the tenant that archived there, and the right folder or bucket.',
  })
}
