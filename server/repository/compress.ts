import { constants } from 'node:zlib'
import { ZstdCompress } from 'minizlib'
import { chunkBytes } from './layout.ts'
import { zstdFlag } from './pack.ts'

/** So many chunks a thread takes at once: 1 MiB. */
export const batchChunks = 16

export interface CompressedChunk {
  readonly content: Buffer
  /** 0 where zstd did not make it smaller. */
  readonly flags: number
}

export interface CompressedSize {
  readonly size: number
  readonly flags: number
}

/**
 * Compresses chunk after chunk with one context of zstd, each to a frame of its own. A context for every chunk took half
 * as much time again, and left the collector of a small thread more to do than the compressing.
 */
export class Compressor {
  readonly #level: number
  #stream: ZstdCompress | undefined

  constructor(level: number) {
    this.#level = level
  }

  /** @throws Error when zstd fails, for want of memory say; the next chunk gets a new context */
  compress(chunk: Buffer): CompressedChunk {
    const stream = this.#stream ?? makeStream(this.#level)
    this.#stream = undefined
    stream.write(chunk)
    const packed = stream.read()
    if (!packed) throw new Error('zstd gave nothing for a chunk')
    this.#stream = stream
    return packed.length < chunk.length ? { content: packed, flags: zstdFlag } : { content: chunk, flags: 0 }
  }

  /** Compresses each chunk of 64 KiB where it lies: the result begins where the chunk began. */
  compressInPlace(bytes: Buffer, count: number): CompressedSize[] {
    return Array.from({ length: count }, (_, index) => {
      const chunk = bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes)
      const { content, flags } = this.compress(chunk)
      if (flags & zstdFlag) content.copy(chunk)
      return { size: content.length, flags }
    })
  }
}

function makeStream(level: number): ZstdCompress {
  const params = { [constants.ZSTD_c_compressionLevel]: level }
  // With this flush every write ends a frame, which comes out at once.
  const options = { params, flush: constants.ZSTD_e_end, chunkSize: chunkBytes + 1024 }
  return new ZstdCompress(options)
}
