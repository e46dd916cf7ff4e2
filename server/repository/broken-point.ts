import { eachAtOnce } from '#server/each-at-once.ts'
import type { ChunkStore } from './chunk-store.ts'
import { DamageError } from './damage.ts'
import { inBatches } from './group.ts'
import { idsOf } from './id-owners.ts'
import { isZeroId, type Manifest, readLastingManifest } from './manifest.ts'
import { readSegments } from './named-segment.ts'
import { Session } from './session.ts'

const manifestsAtOnce = 8
/** That of a large disk takes some MiB. */
const manifestsHeld = 64

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
    /** Segments by their ids, as latin1: those that are lost, or name what is */
    const hurt = new Set<string>()
    const isThere = (id: Buffer) => chunks.locateSound(id) !== undefined
    const lose = (id: Buffer) => hurt.add(id.toString('latin1'))
    async function* groups() {
      for (const some of inBatches(ids, manifestsHeld)) {
        const manifests = await manifestsOf(chunks, some, signal)
        yield manifests
        for (const manifest of manifests) if (!namesAny(manifest, hurt)) broken.delete(manifest.id)
      }
    }
    for await (const { id, bytes } of readSegments(chunks, groups(), { isThere, lose })) {
      signal?.throwIfAborted()
      if ([...idsOf(bytes)].some((chunk) => !isZeroId(chunk) && !isThere(chunk))) lose(id)
    }
    return broken
  } finally {
    await session.end()
  }
}

/** Those that are there and can be read. */
async function manifestsOf(chunks: ChunkStore, ids: readonly string[], signal?: AbortSignal): Promise<Manifest[]> {
  const manifests: Manifest[] = []
  await eachAtOnce(ids, manifestsAtOnce, async (id) => {
    signal?.throwIfAborted()
    const manifest = await readLastingManifest(chunks, id).catch(asNone)
    if (manifest) manifests.push(manifest)
  })
  return manifests
}

const namesAny = ({ segments }: Manifest, hurt: ReadonlySet<string>) =>
  segments.some(({ ids }) => [...idsOf(ids)].some((segment) => hurt.has(segment.toString('latin1'))))

function asNone(error: unknown): undefined {
  if (!(error instanceof DamageError)) throw error
}
