import { damaged } from './read-error.ts'
import type { ReadLimit } from './read-limit.ts'

/** A disk, or a part of one. */
export interface ByteSource {
  readonly sizeBytes: number
  /** All of the range, which is inside. */
  read(offset: number, length: number, limit: ReadLimit): Promise<Buffer>
}

/** @throws damaged for what leads outside */
export async function readWithin(
  source: ByteSource,
  offset: number,
  length: number,
  limit: ReadLimit,
): Promise<Buffer> {
  await limit.check()
  const isInside = Number.isSafeInteger(offset) && offset >= 0 && length >= 0 && offset + length <= source.sizeBytes
  if (!isInside) throw damaged('something in it leads past its end')
  return source.read(offset, length, limit)
}

/** As much of the range as there is. */
export async function readUpTo(source: ByteSource, offset: number, length: number, limit: ReadLimit): Promise<Buffer> {
  const rest = Math.max(0, Math.min(length, source.sizeBytes - offset))
  return rest === 0 ? Buffer.alloc(0) : readWithin(source, offset, rest, limit)
}

/** A part of a disk; what does not fit is cut off. */
export function partOf(source: ByteSource, offset: number, sizeBytes: number): ByteSource {
  return {
    sizeBytes: Math.max(0, Math.min(sizeBytes, source.sizeBytes - offset)),
    read: (at, length, limit) => source.read(offset + at, length, limit),
  }
}
