import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { unavailable } from '#server/errors.ts'

/**
 * A sealed text: format (1 byte, 1), key id (4 bytes), nonce (12), tag (16), then the ciphertext of AES-256-GCM. The
 * text is bound to its owner: what is sealed for one host or store does not open for another.
 */
const format = 1
const keyIdBytes = 4
const nonceBytes = 12
const tagBytes = 16
const headerBytes = 1 + keyIdBytes + nonceBytes + tagBytes

/** Tells keys apart without telling anything of them. */
const keyId = (key: Buffer) =>
  createHash('sha256').update('skerry credential key').update(key).digest().subarray(0, keyIdBytes)

/** Seals and opens secrets; `keys` are 32 bytes each, the first one seals, all of them open. */
export class CredentialBox {
  readonly #keys: readonly Buffer[]

  /** @throws Error for a key of another length or none at all */
  constructor(keys: readonly Buffer[]) {
    if (keys.length === 0 || keys.some((key) => key.length !== 32)) throw new Error('A credential key has 32 bytes')
    this.#keys = keys
  }

  /** @param keys as SKERRY_KEY holds them: base64, the newest first, earlier ones after commas */
  static fromText(keys: string): CredentialBox {
    return new CredentialBox(keys.split(',').map((key) => Buffer.from(key.trim(), 'base64')))
  }

  /** @param owner the host's or store's id */
  seal(secret: unknown, owner: string): Uint8Array<ArrayBuffer> {
    const [key] = this.#keys
    if (!key) throw new Error('A credential box without a key')
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    const header = Buffer.concat([Buffer.from([format]), keyId(key)])
    cipher.setAAD(Buffer.concat([header, Buffer.from(owner)]))
    const sealed = Buffer.concat([cipher.update(JSON.stringify(secret), 'utf8'), cipher.final()])
    return new Uint8Array(Buffer.concat([header, nonce, cipher.getAuthTag(), sealed]))
  }

  /** @throws unavailable when no key fits, or the bytes were altered or belong to another owner */
  open(sealed: Uint8Array, owner: string): unknown {
    const bytes = Buffer.from(sealed)
    const header = bytes.subarray(0, 1 + keyIdBytes)
    const key = this.#keys.find((each) => keyId(each).equals(header.subarray(1)))
    if (bytes.length < headerBytes || header[0] !== format || !key) {
      throw unavailable('The credential was sealed with a key that this worker does not have.', {
        wayOut: 'Give the worker the key (SKERRY_KEY) with which it was entered, or enter it again.',
      })
    }
    try {
      const nonce = bytes.subarray(header.length, header.length + nonceBytes)
      const decipher = createDecipheriv('aes-256-gcm', key, nonce)
      decipher.setAAD(Buffer.concat([header, Buffer.from(owner)]))
      decipher.setAuthTag(bytes.subarray(headerBytes - tagBytes, headerBytes))
      const text = Buffer.concat([decipher.update(bytes.subarray(headerBytes)), decipher.final()])
      return JSON.parse(text.toString('utf8'))
    } catch (cause) {
      throw unavailable('The credential can’t be opened: it was altered, or belongs to something else.', {
        wayOut: 'Enter the credential again.',
        cause,
      })
    }
  }

  /** Whether another key than the newest sealed it, so that it is time to seal it anew. */
  isOutdated(sealed: Uint8Array): boolean {
    const [key] = this.#keys
    return !key || !keyId(key).equals(Buffer.from(sealed).subarray(1, 1 + keyIdBytes))
  }
}
