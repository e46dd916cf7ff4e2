import { constants, zstdCompressSync } from 'node:zlib'
import { chunkBytes } from './layout.ts'
import { zstdFlag } from './pack.ts'

/** So many chunks a thread takes at once: 1 MiB. */
export const batchChunks = 16

export interface CompressedChunk {
  readonly content: Buffer
  /** 0 where zstd did not make it smaller. */
  readonly flags: number
}

export function compressChunk(chunk: Buffer, level: number): CompressedChunk {
  const params = { [constants.ZSTD_c_compressionLevel]: level }
  const packed = zstdCompressSync(chunk, { pledgedSrcSize: chunk.length, chunkSize: chunk.length + 1024, params })
  return packed.length < chunk.length ? { content: packed, flags: zstdFlag } : { content: chunk, flags: 0 }
}

export interface CompressedSize {
  readonly size: number
  readonly flags: number
}

/** Compresses each chunk of 64 KiB where it lies: the result begins where the chunk began. */
export function compressInPlace(bytes: Buffer, count: number, level: number): CompressedSize[] {
  return Array.from({ length: count }, (_, index) => {
    const chunk = bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes)
    const { content, flags } = compressChunk(chunk, level)
    if (flags & zstdFlag) content.copy(chunk)
    return { size: content.length, flags }
  })
}
