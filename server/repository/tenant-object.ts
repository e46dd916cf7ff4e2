import { sealObject } from './envelope.ts'
import { type Keyring, openOwned } from './keyring.ts'
import { type Owner, objectKey } from './layout.ts'
import type { ObjectStore } from './object-store.ts'

/** The small sealed objects of a tenant, by their folder. */
const kinds = {
  manifests: 'manifest',
  removed: 'removed',
  sessions: 'session',
  condemned: 'condemned',
  damage: 'damage',
} as const
export type SealedFolder = keyof typeof kinds

/** A name of 32 hexadecimal digits is the object's id. */
const idOf = (name: string) => Buffer.from(name, 'hex')

export async function putTenantObject(
  store: ObjectStore,
  owner: Owner,
  keyring: Keyring,
  folder: SealedFolder,
  name: string,
  content: Uint8Array,
): Promise<void> {
  const key = keyring.current
  const about = { kind: kinds[folder], keyId: key.id, ownerBytes: owner.bytes, objectId: idOf(name) }
  await store.put(objectKey(owner, folder, name), sealObject(key.secret, about, content))
}

/**
 * @returns nothing when there is no such object
 * @throws forbidden when another datastore or tenant wrote it; DamageError when its bytes were altered
 */
export async function openTenantObject(
  store: ObjectStore,
  owner: Owner,
  keyring: Keyring,
  folder: SealedFolder,
  name: string,
): Promise<Buffer | undefined> {
  const key = objectKey(owner, folder, name)
  const bytes = await store.get(key)
  if (!bytes) return undefined
  const open = () =>
    openOwned(bytes, {
      kind: kinds[folder],
      owner,
      objectId: idOf(name),
      objectKey: key,
      storeName: store.name,
      secretOf: (keyId) => keyring.find(keyId)?.secret,
      missingSecret: (keyId) => new MissingKey(keyId, key),
    })
  try {
    return open()
  } catch (error) {
    if (!(error instanceof MissingKey)) throw error
    // Another process may have made it since.
    await keyring.reload()
    try {
      return open()
    } catch (again) {
      if (!(again instanceof MissingKey)) throw again
      throw keyring.problemOf(again.keyId, key)
    }
  }
}

class MissingKey extends Error {
  readonly keyId: Buffer

  constructor(keyId: Buffer, key: string) {
    super(`${key} was sealed with another key`)
    this.keyId = keyId
  }
}
