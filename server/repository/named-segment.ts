import { readInPackOrder, type WantedChunk } from './chunk-reader.ts'
import type { ChunkStore } from './chunk-store.ts'
import type { DamageError } from './damage.ts'
import type { Manifest } from './manifest.ts'
import { IdMarks, segmentBatches } from './marks.ts'

export interface SegmentRequest {
  /** Asked of each before it is read; what is not there is lost. */
  isThere(id: Buffer): boolean
  /** Takes those that are lost, or found to be when they are read */
  lose(id: Buffer, error?: DamageError): void
}

/**
 * Reads the segments that some recovery points name, each once. Of one group all were read when the next is asked for.
 */
export async function* readSegments(
  chunks: ChunkStore,
  groups: Iterable<readonly Manifest[]> | AsyncIterable<readonly Manifest[]>,
  { isThere, lose }: SegmentRequest,
): AsyncGenerator<{ id: Buffer; bytes: Buffer }> {
  const frozen = await chunks.map.freeze()
  try {
    const seen = new IdMarks(frozen.runs)
    for await (const manifests of groups) {
      for (const batch of segmentBatches(manifests, seen)) {
        const known: WantedChunk<undefined>[] = []
        for (const each of batch) {
          if (isThere(each.id)) known.push(each)
          else lose(each.id)
        }
        yield* readInPackOrder(chunks, known, 'segment', ({ id }, error) => lose(id, error))
      }
    }
  } finally {
    frozen.release()
  }
}
