import { constants, zstdCompressSync } from 'node:zlib'
import { chunkBytes } from './layout.ts'
import { zstdFlag } from './pack.ts'

export interface CompressedChunks {
  /** The contents one after the other. */
  readonly content: Buffer<ArrayBuffer>
  readonly sizes: readonly number[]
  /** 0 where zstd did not make it smaller. */
  readonly flags: readonly number[]
}

export function compressChunk(chunk: Buffer, level: number): { content: Buffer; flags: number } {
  const params = { [constants.ZSTD_c_compressionLevel]: level }
  const packed = zstdCompressSync(chunk, { pledgedSrcSize: chunk.length, chunkSize: chunk.length + 1024, params })
  return packed.length < chunk.length ? { content: packed, flags: zstdFlag } : { content: chunk, flags: 0 }
}

/** Compresses each chunk of 64 KiB by itself. */
export function compressChunks(bytes: Buffer, level: number): CompressedChunks {
  const content = Buffer.allocUnsafeSlow(bytes.length)
  const sizes: number[] = []
  const flags: number[] = []
  let filled = 0
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const packed = compressChunk(bytes.subarray(at, at + chunkBytes), level)
    filled += packed.content.copy(content, filled)
    sizes.push(packed.content.length)
    flags.push(packed.flags)
  }
  return { content, sizes, flags }
}
