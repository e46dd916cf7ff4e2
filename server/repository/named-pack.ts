import { readInPackOrder, type WantedChunk } from './chunk-reader.ts'
import type { ChunkStore } from './chunk-store.ts'
import { DamageError } from './damage.ts'
import { inBatches } from './group.ts'
import { idsOf } from './id-owners.ts'
import { isZeroId, type Manifest } from './manifest.ts'
import type { Location } from './middle-map.ts'

const segmentsAtOnce = 256

/**
 * The packs in which `locate` finds all that a recovery point names. Only its segments are read.
 * @throws DamageError when one of its chunks is nowhere, or a segment can't be read
 */
export async function packsNamedBy(
  chunks: ChunkStore,
  manifest: Manifest,
  locate: (id: Buffer) => Location | undefined,
): Promise<Set<string>> {
  const packs = new Set<string>()
  const take = (id: Buffer) => {
    const pack = locate(id)?.pack
    if (!pack) {
      const message = `The recovery point ${manifest.id} in the ${chunks.store.name} misses something.`
      throw new DamageError(message, { chunkId: id.toString('hex') })
    }
    packs.add(pack.id)
  }
  const segments = new Map<string, WantedChunk<undefined>>()
  for (const { ids } of manifest.segments) {
    for (const id of idsOf(ids)) if (!isZeroId(id)) segments.set(id.toString('latin1'), { id, about: undefined })
  }
  for (const batch of inBatches(segments.values(), segmentsAtOnce)) {
    for (const { id } of batch) take(id)
    for await (const { bytes } of readInPackOrder(chunks, batch, 'segment')) {
      for (const id of idsOf(bytes)) if (!isZeroId(id)) take(id)
    }
  }
  return packs
}
