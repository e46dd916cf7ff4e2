import { eachAtOnce } from '#server/each-at-once.ts'
import type { ChunkStore } from './chunk-store.ts'
import { DamageError } from './damage.ts'
import { idsOf } from './id-owners.ts'
import { isZeroId, type Manifest, readLastingManifest } from './manifest.ts'
import { readSegments } from './named-segment.ts'
import { Session } from './session.ts'

const manifestsAtOnce = 8

/**
 * Those of some recovery points that are gone or miss something: all that they name has to be there, in packs of their
 * full length. What is in those is not read.
 */
export async function brokenAmong(
  chunks: ChunkStore,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<Set<string>> {
  const session = await Session.start(chunks, 'read')
  try {
    await chunks.refresh()
    const broken = new Set(ids)
    const manifests: Manifest[] = []
    await eachAtOnce(ids, manifestsAtOnce, async (id) => {
      signal?.throwIfAborted()
      const manifest = await readLastingManifest(chunks, id).catch(asNone)
      if (manifest && broken.delete(id)) manifests.push(manifest)
    })
    const hurt = await hurtSegments(chunks, manifests, signal)
    for (const { id, segments } of manifests) {
      const names = segments.some(({ ids }) => [...idsOf(ids)].some((segment) => hurt.has(segment.toString('latin1'))))
      if (names) broken.add(id)
    }
    return broken
  } finally {
    await session.end()
  }
}

/** By their ids, as latin1: those that are lost, or name what is. */
async function hurtSegments(chunks: ChunkStore, manifests: readonly Manifest[], signal?: AbortSignal) {
  const hurt = new Set<string>()
  const isThere = (id: Buffer) => chunks.locateSound(id) !== undefined
  const lose = (id: Buffer) => hurt.add(id.toString('latin1'))
  for await (const { id, bytes } of readSegments(chunks, manifests, { isThere, lose })) {
    signal?.throwIfAborted()
    if ([...idsOf(bytes)].some((chunk) => !isZeroId(chunk) && !isThere(chunk))) lose(id)
  }
  return hurt
}

function asNone(error: unknown): undefined {
  if (!(error instanceof DamageError)) throw error
}
