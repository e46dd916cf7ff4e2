import type { Extent } from '#server/nbd/extent.ts'
import { chunkBytes } from '#server/repository/layout.ts'

/** The whole chunks that the extents with, or without, a flag touch; each once, in order. */
export async function* chunkExtents(
  extents: AsyncIterable<Extent>,
  { flag, isSet, sizeBytes }: { flag: number; isSet: boolean; sizeBytes: number },
): AsyncGenerator<Extent> {
  let done = 0
  for await (const { offset, length, flags } of extents) {
    if (Boolean(flags & flag) !== isSet) continue
    const start = Math.max(done, Math.floor(offset / chunkBytes) * chunkBytes)
    const end = Math.min(sizeBytes, Math.ceil((offset + length) / chunkBytes) * chunkBytes)
    if (end > start) yield { offset: start, length: end - start, flags }
    done = Math.max(done, end)
  }
}
