import { NbdError, type NbdErrorCode } from './error.ts'
import type { Extent } from './extent.ts'
import {
  chunk,
  chunkFlag,
  chunkHeaderBytes,
  chunkMagic,
  errno,
  maximumTextBytes,
  simpleReplyBytes,
  simpleReplyMagic,
} from './wire.ts'

const numbers: Partial<Record<NbdErrorCode, number>> = {
  'read-only': errno.permission,
  refused: errno.permission,
  'no-memory': errno.noMemory,
  invalid: errno.invalid,
  'no-space': errno.noSpace,
  unsupported: errno.unsupported,
  'shutting-down': errno.shutdown,
}

/** The number that tells a client of a failure. */
export const errnoOf = (error: unknown): number =>
  (error instanceof NbdError ? numbers[error.code] : undefined) ?? errno.io

export function encodeSimple(cookie: Buffer, error: number): Buffer {
  const bytes = Buffer.allocUnsafe(simpleReplyBytes)
  bytes.writeUInt32BE(simpleReplyMagic, 0)
  bytes.writeUInt32BE(error, 4)
  cookie.copy(bytes, 8)
  return bytes
}

/** The head of a piece of an answer, with room for `moreBytes` of its body. */
export function encodeChunk(cookie: Buffer, type: number, bodyBytes: number, isLast: boolean, moreBytes = 0): Buffer {
  const bytes = Buffer.allocUnsafe(chunkHeaderBytes + moreBytes)
  bytes.writeUInt32BE(chunkMagic, 0)
  bytes.writeUInt16BE(isLast ? chunkFlag.done : 0, 4)
  bytes.writeUInt16BE(type, 6)
  cookie.copy(bytes, 8)
  bytes.writeUInt32BE(bodyBytes, 16)
  return bytes
}

/** What stands before the data of a part. */
export function encodeDataHead(cookie: Buffer, { offset, length }: Extent, isLast: boolean): Buffer {
  const bytes = encodeChunk(cookie, chunk.data, 8 + length, isLast, 8)
  bytes.writeBigUInt64BE(BigInt(offset), chunkHeaderBytes)
  return bytes
}

export function encodeHole(cookie: Buffer, { offset, length }: Extent, isLast: boolean): Buffer {
  const bytes = encodeChunk(cookie, chunk.hole, 12, isLast, 12)
  bytes.writeBigUInt64BE(BigInt(offset), chunkHeaderBytes)
  bytes.writeUInt32BE(length, chunkHeaderBytes + 8)
  return bytes
}

/** The last piece of an answer that failed. */
export function encodeError(cookie: Buffer, error: number, said: string): Buffer {
  const text = Buffer.from(said).subarray(0, maximumTextBytes)
  const bytes = encodeChunk(cookie, chunk.error, 6 + text.length, true, 6 + text.length)
  bytes.writeUInt32BE(error, chunkHeaderBytes)
  bytes.writeUInt16BE(text.length, chunkHeaderBytes + 4)
  text.copy(bytes, chunkHeaderBytes + 6)
  return bytes
}
