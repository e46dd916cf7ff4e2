import { zstdDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { Compressor } from './compress.ts'
import { chunkBytes } from './layout.ts'
import { zstdFlag } from './pack.ts'
import { seededRandom } from './testing/random.ts'

test('each chunk is a frame of its own, whatever came before it; what zstd makes no smaller stays as it is', () => {
  const random = seededRandom(3)
  const compressor = new Compressor(1)
  const text = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(random() * 4)))
  const noise = Buffer.from(Array.from({ length: chunkBytes }, () => Math.floor(random() * 256)))
  const chunks = [text(chunkBytes), noise, text(32_768), Buffer.alloc(chunkBytes, 7), noise, text(chunkBytes)]
  const kept = chunks.map((chunk) => compressor.compress(chunk))
  expect(kept.map(({ flags }) => flags)).toEqual([zstdFlag, 0, zstdFlag, zstdFlag, 0, zstdFlag])
  for (const [index, { content, flags }] of kept.entries()) {
    const bytes = flags & zstdFlag ? zstdDecompressSync(content) : content
    expect(bytes.equals(chunks[index] ?? Buffer.alloc(0))).toBe(true)
  }
})
