import { randomBytes } from 'node:crypto'
import { Blake3Hasher } from '@napi-rs/blake-hash'
import { forbidden, type SkerryError, unavailable } from '#server/errors.ts'
import { DamageError } from './damage.ts'
import {
  deriveKey,
  keyIdBytes,
  openSealed,
  readSealedHeader,
  type SealedKind,
  sealedKinds,
  sealObject,
} from './envelope.ts'
import { folderPrefix, nameOf, type Owner, objectKey } from './layout.ts'
import type { MasterKey } from './master-key.ts'
import type { ObjectStore } from './object-store.ts'

/** What a chunk of bytes is to the repository; the two can never have the same id. */
export type ChunkKind = 'data' | 'segment'

/** One of a tenant's data keys: everything sealed since it was made until the next one names it. */
export interface DataKey {
  /** Random; it is part of the key's object's name and of all that it seals. */
  readonly id: Buffer
  /** The one with the highest number seals. */
  readonly sequence: number
  readonly secret: Buffer
  /** Keys the hash that makes ids; a rotation keeps it, so that what was stored is still found again. */
  readonly idSecret: Buffer
  readonly idKeys: Readonly<Record<ChunkKind, Buffer>>
}

const noSalt = Buffer.alloc(16)
/** Each key is stored twice: without it, nothing of the tenant could be read. */
const copies = ['a', 'b'] as const

function dataKey(id: Buffer, sequence: number, secret: Buffer, idSecret: Buffer): DataKey {
  const idKeys = { data: deriveKey(idSecret, noSalt, 'data id'), segment: deriveKey(idSecret, noSalt, 'segment id') }
  return { id, sequence, secret, idSecret, idKeys }
}

/** The address of content, keyed by tenant: it tells nothing to who has not the key. */
export const contentId = (key: DataKey, kind: ChunkKind, bytes: Buffer): Buffer => idOf(key.idKeys[kind], bytes)

export const idOf = (idKey: Uint8Array, bytes: Buffer): Buffer =>
  Blake3Hasher.newKeyed(Buffer.from(idKey.buffer, idKey.byteOffset, idKey.length))
    .update(bytes)
    .digestBuffer()

/** The data keys of one tenant in one datastore, unwrapped. */
export class Keyring {
  readonly #store: ObjectStore
  readonly #owner: Owner
  readonly #masters: readonly [MasterKey, ...MasterKey[]]
  #keys = new Map<string, DataKey>()
  /** Another number whenever there may be other keys. */
  generation = 0
  #problems = new Map<string, DamageError>()

  private constructor(store: ObjectStore, owner: Owner, masters: readonly [MasterKey, ...MasterKey[]]) {
    this.#store = store
    this.#owner = owner
    this.#masters = masters
  }

  /** Reads the keys, or makes the first one. */
  static async open(store: ObjectStore, owner: Owner, masters: readonly [MasterKey, ...MasterKey[]]): Promise<Keyring> {
    const keyring = new Keyring(store, owner, masters)
    await keyring.reload()
    if (keyring.#keys.size > 0) return keyring
    for (const folder of ['packs', 'manifests'] as const) {
      for await (const { key } of store.list(folderPrefix(owner, folder))) throw keysGone(owner, store.name, key)
    }
    await keyring.#add(randomBytes(32), 1)
    await keyring.reload()
    return keyring
  }

  /** The key that seals. Of two made at once, every process takes the same. */
  get current(): DataKey {
    const [newest] = [...this.#keys.values()].sort((a, b) => b.sequence - a.sequence || a.id.compare(b.id))
    if (!newest) throw new Error('A keyring without a key')
    return newest
  }

  find(id: Buffer): DataKey | undefined {
    return this.#keys.get(id.toString('hex'))
  }

  /** The keys under which what was sealed with this one may have its id; all of the tenant's, its own first. */
  idKeys(sealedWith: DataKey): Record<ChunkKind, Uint8Array>[] {
    const others = [...this.#keys.values()].filter((key) => !key.idSecret.equals(sealedWith.idSecret))
    return [sealedWith, ...others].map(({ idKeys: { data, segment } }) => ({
      data: new Uint8Array(data),
      segment: new Uint8Array(segment),
    }))
  }

  async reload(): Promise<void> {
    const ids = new Set<string>()
    for await (const { key } of this.#store.list(folderPrefix(this.#owner, 'keys')))
      ids.add(nameOf(key).split('.')[0] ?? '')
    const keys = new Map<string, DataKey>()
    const problems = new Map<string, DamageError>()
    for (const id of ids) {
      try {
        keys.set(id, this.#keys.get(id) ?? (await this.#read(id)))
      } catch (error) {
        // What other keys seal can still be read; without a single one, nothing can.
        if (!(error instanceof DamageError)) throw error
        problems.set(id, error)
      }
    }
    const [problem] = problems.values()
    if (keys.size === 0 && problem) throw problem
    this.#keys = keys
    this.#problems = problems
    this.generation++
  }

  /** Why what was sealed with a key that is not in this ring can't be read. */
  problemOf(id: Buffer, objectKey: string): DamageError {
    const name = id.toString('hex')
    const known = this.#problems.get(name)
    if (known) return known
    const message = `The key ${name}, with which ${objectKey} was sealed, is not in ${this.#store.name}.`
    return new DamageError(message, { objectKey, wayOut: bringBack(this.#key(name, copies[0])) })
  }

  /** From now on a new key seals; what earlier ones sealed stays readable, and compaction seals it anew. */
  async rotate(): Promise<void> {
    await this.reload()
    await this.#add(this.current.idSecret, this.current.sequence + 1)
    await this.reload()
  }

  /** Wraps every key with the newest master key, after which the earlier master keys may go. */
  async rewrap(): Promise<void> {
    await this.reload()
    for (const key of this.#keys.values()) await this.#write(key)
  }

  /** @returns the keys whose copies are not both whole, made whole again from the other where there is one */
  async repair(): Promise<{ objectKey: string; reason: string }[]> {
    const found: { objectKey: string; reason: string }[] = []
    await this.reload()
    for (const [id, { message }] of this.#problems) found.push({ objectKey: this.#key(id, copies[0]), reason: message })
    for (const [id, key] of this.#keys) {
      for (const copy of copies) {
        const objectKey = this.#key(id, copy)
        const opened = await this.#readCopy(id, copy).catch((error: SkerryError) => error.message)
        if (typeof opened !== 'string' && opened) continue
        const reason = opened ?? 'one of the two copies is missing'
        found.push({ objectKey, reason: `${reason}; it was written again from the other copy` })
        await this.#write(key)
      }
    }
    return found
  }

  get ids(): string[] {
    return [...this.#keys.keys()]
  }

  #key = (id: string, copy: string) => objectKey(this.#owner, 'keys', `${id}.${copy}`)

  async #add(idSecret: Buffer, sequence: number) {
    await this.#write(dataKey(randomBytes(keyIdBytes), sequence, randomBytes(32), idSecret))
  }

  async #write(key: DataKey) {
    const [master] = this.#masters
    const content = Buffer.alloc(4 + 64)
    content.writeUInt32LE(key.sequence)
    key.secret.copy(content, 4)
    key.idSecret.copy(content, 36)
    const objectId = Buffer.alloc(16)
    key.id.copy(objectId)
    const about = { kind: 'key' as const, keyId: master.id, ownerBytes: this.#owner.bytes, objectId }
    const id = key.id.toString('hex')
    for (const copy of copies) await this.#store.put(this.#key(id, copy), sealObject(master.secret, about, content))
  }

  async #read(id: string): Promise<DataKey> {
    let problem: unknown
    for (const copy of copies) {
      try {
        const found = await this.#readCopy(id, copy)
        if (found) return found
      } catch (error) {
        problem ??= error
      }
    }
    throw (
      problem ??
      new DamageError(`Both copies of the key ${id} are gone from ${this.#store.name}.`, {
        objectKey: this.#key(id, copies[0]),
        wayOut: bringBack(this.#key(id, copies[0])),
      })
    )
  }

  async #readCopy(id: string, copy: string): Promise<DataKey | undefined> {
    const objectKey = this.#key(id, copy)
    const bytes = await this.#store.get(objectKey)
    if (!bytes) return undefined
    const keyId = Buffer.from(id, 'hex')
    const content = openOwned(bytes, {
      kind: 'key',
      owner: this.#owner,
      objectId: Buffer.concat([keyId, Buffer.alloc(8)]),
      objectKey,
      storeName: this.#store.name,
      secretOf: (masterId) => this.#masters.find((master) => master.id.equals(masterId))?.secret,
      missingSecret: () =>
        unavailable(
          `The key ${id} in ${this.#store.name} is wrapped with a master key that this process does not have.`,
          {
            wayOut: 'Give the worker the master key with which this repository was written, after the newest one.',
          },
        ),
    })
    return dataKey(keyId, content.readUInt32LE(), content.subarray(4, 36), content.subarray(36, 68))
  }
}

const bringBack = (objectKey: string) =>
  `Bring back ${objectKey} from a copy of the store: what it seals can't be read without it.`

const keysGone = (owner: Owner, storeName: string, objectKey: string) =>
  new DamageError(`All keys of the tenant ${owner.tenantId} are gone from ${storeName}, but ${objectKey} is there.`, {
    objectKey: folderPrefix(owner, 'keys'),
    wayOut: bringBack(folderPrefix(owner, 'keys')),
  })

/**
 * Opens a sealed object for the one who owns it.
 * @throws forbidden when another datastore or tenant wrote it; DamageError when its bytes were altered
 */
export function openOwned(
  bytes: Buffer,
  expected: {
    kind: SealedKind
    owner: Owner
    objectId: Buffer
    objectKey: string
    storeName: string
    secretOf: (keyId: Buffer) => Buffer | undefined
    missingSecret: (keyId: Buffer) => Error
  },
): Buffer {
  const { objectKey, storeName } = expected
  const damaged = (reason: string, cause?: unknown) =>
    new DamageError(`The object ${objectKey} in ${storeName} is damaged: ${reason}.`, { objectKey, cause })
  const header = readSealedHeader(bytes)
  if (!header) throw damaged('it is cut short, or its first bytes were altered')
  assertOwner(header.ownerBytes, expected.owner, objectKey, storeName)
  if (header.kind !== sealedKinds[expected.kind] || !header.objectId.equals(expected.objectId)) {
    throw damaged('it is the content of another object')
  }
  const secret = expected.secretOf(header.keyId)
  if (!secret) throw expected.missingSecret(header.keyId)
  try {
    return openSealed(secret, bytes)
  } catch (cause) {
    throw damaged('its bytes were altered', cause)
  }
}

/** @throws forbidden when the header names another datastore or tenant than the one it is read through */
export function assertOwner(ownerBytes: Buffer, owner: Owner, objectKey: string, storeName: string): void {
  if (ownerBytes.equals(owner.bytes)) return
  const sameDatastore = ownerBytes.subarray(0, 16).equals(owner.bytes.subarray(0, 16))
  throw forbidden(
    `The object ${objectKey} in ${storeName} was written ${sameDatastore ? 'for another tenant' : 'through another datastore'}, so it can't be read here.`,
    `Ask for it ${sameDatastore ? 'as the tenant' : 'through the datastore'} that it belongs to.`,
  )
}
