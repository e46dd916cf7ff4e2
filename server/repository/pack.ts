import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { deriveKey, keyIdBytes, tagBytes } from './envelope.ts'
import type { ChunkKind, DataKey } from './keyring.ts'
import { idBytes, type Owner } from './layout.ts'

/**
 * A pack. Header (64 bytes): magic (8, `SKERRYP1`), key id (8), datastore id (16), tenant id (16), pack id (16). Then
 * the frames, one a chunk: ciphertext of AES-256-GCM and tag (16). Then the sealed footer: entries of 36 bytes, one a
 * frame in their order {chunk id (32), frame's bytes (3, little-endian), flags (1: 1 = zstd, 2 = segment)}, and its tag
 * (16). Last the trailer (20 bytes): key id (8), count of entries (4, little-endian), magic (8, `SKERRYE1`).
 *
 * Every pack has its own key, derived from the data key and the pack's id; a frame's nonce is its offset in the pack.
 * So no key meets a nonce twice.
 */
const headMagic = Buffer.from('SKERRYP1')
const tailMagic = Buffer.from('SKERRYE1')
export const packIdBytes = 16
export const packHeaderBytes = 64
export const packTrailerBytes = 20
export const entryBytes = idBytes + 4
/** A pack has no more chunks than this, however small they are: 1 GiB of disk, a footer of 590 KB. */
export const mostEntries = 16_384
const footerNonce = Buffer.alloc(12, 0xff)

export const zstdFlag = 1
export const segmentFlag = 2
export const kindOf = (flags: number): ChunkKind => (flags & segmentFlag ? 'segment' : 'data')

/** One chunk of a pack, as its footer tells. */
export interface PackEntry {
  readonly id: Buffer
  readonly offset: number
  readonly storedBytes: number
  readonly flags: number
}

export const footerBytesOf = (entryCount: number) => entryCount * entryBytes + tagBytes + packTrailerBytes

export const packKey = (key: DataKey, packId: Buffer): KeyObject =>
  createSecretKey(deriveKey(key.secret, packId, 'pack'))

function frameNonce(offset: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32LE(offset)
  return nonce
}

/** What authenticates a frame besides its bytes: whose chunk it is, which one, and what its flags say. */
const frameAad = (ownerBytes: Uint8Array, id: Uint8Array, flags: number) =>
  Buffer.concat([ownerBytes, id, Buffer.from([flags])])

export function packHeader(key: DataKey, owner: Owner, packId: Buffer): Buffer {
  return Buffer.concat([headMagic, key.id, owner.bytes, packId])
}

/** The 32 bytes of datastore and tenant in a pack's header, or nothing where this is no pack. */
export function packOwner(header: Buffer): Buffer | undefined {
  if (header.length < packHeaderBytes || !header.subarray(0, headMagic.length).equals(headMagic)) return undefined
  return header.subarray(headMagic.length + keyIdBytes, headMagic.length + keyIdBytes + 32)
}

/** A pack that is being filled, in memory. */
export class PackBuilder {
  readonly id: Buffer
  readonly key: DataKey
  readonly entries: PackEntry[] = []
  readonly #owner: Owner
  readonly #secret: KeyObject
  readonly memory: Buffer
  #bytes = packHeaderBytes

  /** @param memory for header and frames; it is used until what `finish` gave was put */
  constructor(key: DataKey, owner: Owner, id: Buffer, memory: Buffer) {
    this.id = id
    this.key = key
    this.#owner = owner
    this.#secret = packKey(key, id)
    this.memory = memory
    packHeader(key, owner, id).copy(memory)
  }

  /** Of the frames so far. */
  get sizeBytes(): number {
    return this.#bytes
  }

  add(id: Buffer, flags: number, content: Buffer): void {
    const cipher = createCipheriv('aes-256-gcm', this.#secret, frameNonce(this.#bytes))
    cipher.setAAD(frameAad(this.#owner.bytes, id, flags))
    const sealed = cipher.update(content)
    cipher.final()
    sealed.copy(this.memory, this.#bytes)
    cipher.getAuthTag().copy(this.memory, this.#bytes + sealed.length)
    const storedBytes = sealed.length + tagBytes
    this.entries.push({ id, offset: this.#bytes, storedBytes, flags })
    this.#bytes += storedBytes
  }

  /** The whole pack, to be put as it is; nothing can be added after it. */
  finish(): Buffer[] {
    const table = Buffer.alloc(this.entries.length * entryBytes)
    for (const [index, entry] of this.entries.entries()) {
      const at = index * entryBytes
      entry.id.copy(table, at)
      table.writeUIntLE(entry.storedBytes, at + idBytes, 3)
      table[at + idBytes + 3] = entry.flags
    }
    const trailer = packTrailer(this.key, this.entries.length)
    const cipher = createCipheriv('aes-256-gcm', this.#secret, footerNonce)
    cipher.setAAD(Buffer.concat([packHeader(this.key, this.#owner, this.id), trailer]))
    const frames = this.memory.subarray(0, this.#bytes)
    return [frames, cipher.update(table), cipher.final(), cipher.getAuthTag(), trailer]
  }
}

function packTrailer(key: DataKey, entryCount: number): Buffer {
  const count = Buffer.alloc(4)
  count.writeUInt32LE(entryCount)
  return Buffer.concat([key.id, count, tailMagic])
}

/** @returns nothing when these are not the last bytes of a pack */
export function readTrailer(tail: Buffer): { keyId: Buffer; entryCount: number } | undefined {
  const trailer = tail.subarray(tail.length - packTrailerBytes)
  if (trailer.length < packTrailerBytes || !trailer.subarray(12).equals(tailMagic)) return undefined
  return { keyId: trailer.subarray(0, keyIdBytes), entryCount: trailer.readUInt32LE(keyIdBytes) }
}

/**
 * @param tail the pack's last bytes, at least the footer
 * @throws Error when the footer was altered, or belongs to another pack, tenant or datastore
 */
export function readFooter(key: DataKey, owner: Owner, packId: Buffer, entryCount: number, tail: Buffer): PackEntry[] {
  const sealed = tail.subarray(tail.length - footerBytesOf(entryCount), tail.length - packTrailerBytes)
  const decipher = createDecipheriv('aes-256-gcm', packKey(key, packId), footerNonce, { authTagLength: tagBytes })
  decipher.setAAD(Buffer.concat([packHeader(key, owner, packId), packTrailer(key, entryCount)]))
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  const table = Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - tagBytes)), decipher.final()])
  let offset = packHeaderBytes
  return Array.from({ length: entryCount }, (_, index) => {
    const at = index * entryBytes
    const storedBytes = table.readUIntLE(at + idBytes, 3)
    const entry = { id: table.subarray(at, at + idBytes), offset, storedBytes, flags: table[at + idBytes + 3] ?? 0 }
    offset += storedBytes
    return entry
  })
}

/**
 * Opens one frame; what comes out may still be compressed.
 * @throws Error when a byte was altered
 */
export function openFrame(
  secret: KeyObject,
  ownerBytes: Uint8Array,
  frame: Pick<PackEntry, 'id' | 'offset' | 'flags'>,
  bytes: Buffer,
): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', secret, frameNonce(frame.offset), { authTagLength: tagBytes })
  decipher.setAAD(frameAad(ownerBytes, frame.id, frame.flags))
  decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes))
  const content = decipher.update(bytes.subarray(0, bytes.length - tagBytes))
  decipher.final()
  return content
}
