import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/**
 * A sealed object, but for packs. Bytes: magic (8, `SKERRYO1`), kind (1), zero (7), key id (8), datastore id (16),
 * tenant id (16), object's id (16), salt (16), then the ciphertext of AES-256-GCM and its tag (16). All 88 bytes before
 * the ciphertext are authenticated. The salt is random and the key derived from it, so no key meets a nonce twice.
 */
const magic = Buffer.from('SKERRYO1')
export const keyIdBytes = 8
const ownerAt = 24
const idAt = 56
const saltAt = 72
const headerBytes = 88
export const tagBytes = 16
const onlyNonce = Buffer.alloc(12)

export const sealedKinds = {
  key: 1,
  manifest: 2,
  session: 3,
  condemned: 4,
  damage: 5,
  datastore: 6,
  removed: 7,
} as const
export type SealedKind = keyof typeof sealedKinds

/** What a sealed object says of itself before it is opened. */
export interface SealedHeader {
  readonly kind: number
  readonly keyId: Buffer
  readonly ownerBytes: Buffer
  readonly objectId: Buffer
}

export const deriveKey = (secret: Buffer, salt: Buffer, purpose: string) =>
  Buffer.from(hkdfSync('sha256', secret, salt, `skerry ${purpose}`, 32))

export function sealObject(
  secret: Buffer,
  about: { kind: SealedKind; keyId: Buffer; ownerBytes: Buffer; objectId: Buffer },
  content: Uint8Array,
): Buffer[] {
  const header = Buffer.alloc(headerBytes)
  magic.copy(header)
  header[magic.length] = sealedKinds[about.kind]
  about.keyId.copy(header, 16)
  about.ownerBytes.copy(header, ownerAt)
  about.objectId.copy(header, idAt)
  const salt = randomBytes(16)
  salt.copy(header, saltAt)
  const cipher = createCipheriv('aes-256-gcm', deriveKey(secret, salt, 'object'), onlyNonce)
  cipher.setAAD(header)
  return [header, cipher.update(content), cipher.final(), cipher.getAuthTag()]
}

/** @returns nothing when these are not the bytes of a sealed object */
export function readSealedHeader(bytes: Buffer): SealedHeader | undefined {
  if (bytes.length < headerBytes + tagBytes || !bytes.subarray(0, 8).equals(magic)) return undefined
  return {
    kind: bytes[8] ?? 0,
    keyId: bytes.subarray(16, ownerAt),
    ownerBytes: bytes.subarray(ownerAt, idAt),
    objectId: bytes.subarray(idAt, saltAt),
  }
}

/** @throws Error when a byte was altered, or the secret is another one */
export function openSealed(secret: Buffer, bytes: Buffer): Buffer {
  const salt = bytes.subarray(saltAt, headerBytes)
  const decipher = createDecipheriv('aes-256-gcm', deriveKey(secret, salt, 'object'), onlyNonce, {
    authTagLength: tagBytes,
  })
  decipher.setAAD(bytes.subarray(0, headerBytes))
  decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes))
  return Buffer.concat([decipher.update(bytes.subarray(headerBytes, bytes.length - tagBytes)), decipher.final()])
}
