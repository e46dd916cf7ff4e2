import { invalid } from '#server/errors.ts'

/** 64 KiB: the granularity of QEMU's dirty bitmaps. */
export const chunkBytes = 65_536
export const idBytes = 32
/** A manifest is paged in segments of so many chunks: 16 MiB of disk, 8 KiB of ids. */
export const segmentChunks = 256
export const segmentBytes = segmentChunks * idBytes

export const zeroChunk = Buffer.alloc(chunkBytes)
/** Stands for a chunk or a segment that is all zeros and therefore stored nowhere. */
export const zeroId = Buffer.alloc(idBytes)

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** @throws invalid for anything but a UUID in lower case: it becomes part of a key's path */
export function uuidToBytes(noun: string, uuid: string): Buffer {
  if (!uuidPattern.test(uuid)) throw invalid(`The id of a ${noun} is a UUID in lower case, not “${uuid.slice(0, 60)}”.`)
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}

export function uuidFromBytes(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Whose objects these are; sealed into each of them and part of each key. */
export interface Owner {
  readonly datastoreId: string
  readonly tenantId: string
  /** Datastore and tenant, 16 bytes each: authenticated with every object. */
  readonly bytes: Buffer
}

export function ownerOf(datastoreId: string, tenantId: string): Owner {
  const bytes = Buffer.concat([uuidToBytes('datastore', datastoreId), uuidToBytes('tenant', tenantId)])
  return { datastoreId, tenantId, bytes }
}

/** The folders of a tenant's repository below `<datastore>/<tenant>/`. */
export type Folder = 'keys' | 'packs' | 'manifests' | 'removed' | 'sessions' | 'condemned' | 'damage'

export const folderPrefix = (owner: Owner, folder: Folder) => `${owner.datastoreId}/${owner.tenantId}/${folder}/`
export const objectKey = (owner: Owner, folder: Folder, name: string) => folderPrefix(owner, folder) + name
/** Written once and never again, whoever asks: of these a store with versions takes the first for the true one. */
export const isWriteOnce = (key: string) => /(^|\/)(keys|packs|manifests)\/[^/]+$/.test(key)
export const nameOf = (key: string) => key.slice(key.lastIndexOf('/') + 1)

export const chunkCountOf = (sizeBytes: number) => Math.ceil(sizeBytes / chunkBytes)
export const segmentCountOf = (sizeBytes: number) => Math.ceil(chunkCountOf(sizeBytes) / segmentChunks)
