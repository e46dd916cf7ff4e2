import { createHash } from 'node:crypto'
import { keyIdBytes } from './envelope.ts'

/** Tells master keys apart without telling anything of them. */
const masterKeyId = (key: Buffer) =>
  createHash('sha256').update('skerry repository master key').update(key).digest().subarray(0, keyIdBytes)

/** A key-encryption key: it wraps tenants' data keys and nothing else. */
export interface MasterKey {
  readonly id: Buffer
  readonly secret: Buffer
}

/**
 * @param keys 32 bytes each, the newest first: it wraps, all of them unwrap
 * @throws Error for a key of another length, or none at all
 */
export function masterKeys(keys: readonly Buffer[]): readonly [MasterKey, ...MasterKey[]] {
  if (keys.some((key) => key.length !== 32)) throw new Error('A master key has 32 bytes')
  const [newest, ...earlier] = keys.map((secret) => ({ id: masterKeyId(secret), secret }))
  if (!newest) throw new Error('A repository without a master key')
  return [newest, ...earlier]
}
