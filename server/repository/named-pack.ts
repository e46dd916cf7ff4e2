import type { ChunkStore } from './chunk-store.ts'
import { DamageError } from './damage.ts'
import { idsOf } from './id-owners.ts'
import { isZeroId, type Manifest } from './manifest.ts'
import { readSegments } from './named-segment.ts'

/**
 * The packs that hold all that a recovery point names. Only its segments are read.
 * @throws DamageError when one of its chunks is nowhere, or a segment can't be read
 */
export async function packsNamedBy(chunks: ChunkStore, manifest: Manifest): Promise<Set<string>> {
  const packs = new Set<string>()
  const take = (id: Buffer): true => {
    const pack = chunks.locate(id)?.pack
    if (!pack) {
      const message = `The recovery point ${manifest.id} in the ${chunks.store.name} misses something.`
      throw new DamageError(message, { chunkId: id.toString('hex') })
    }
    packs.add(pack.id)
    return true
  }
  const lose = (_: Buffer, error?: DamageError) => {
    throw error
  }
  for await (const { bytes } of readSegments(chunks, [[manifest]], { isThere: take, lose })) {
    for (const id of idsOf(bytes)) if (!isZeroId(id)) take(id)
  }
  return packs
}
