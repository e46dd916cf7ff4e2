import { eachAtOnce } from '#server/each-at-once.ts'
import { notFound, unavailable, unsupported } from '#server/errors.ts'
import type { LockMode } from '#server/schema/archive.ts'
import { readInPackOrder, type WantedChunk } from './chunk-reader.ts'
import type { ChunkStore } from './chunk-store.ts'
import { inBatches } from './group.ts'
import { idsOf } from './id-owners.ts'
import { folderPrefix } from './layout.ts'
import { isZeroId, type Manifest, manifestKey, readLastingManifest } from './manifest.ts'
import { Session } from './session.ts'

export interface Hold {
  readonly until: Date
  readonly mode: LockMode
  readonly signal?: AbortSignal | undefined
}

const segmentsAtOnce = 256
const locksAtOnce = 8

/**
 * Locks a recovery point and all that reading it takes: the keys, the packs that hold what it names, its manifest. What
 * others that are kept for longer share with it stays locked for longer. Within a session, so that no collector gives
 * up what was just found.
 * @returns how many objects that are
 */
export async function holdRecoveryPoint(chunks: ChunkStore, id: string, hold: Hold): Promise<number> {
  const { locks } = chunks.store
  if (!locks) {
    throw unsupported(`Nothing in the ${chunks.store.name} can be locked.`, 'Archive without a lock, or elsewhere.')
  }
  const session = await Session.start(chunks, 'read')
  try {
    await chunks.refresh()
    const manifest = await readLastingManifest(chunks, id)
    if (!manifest) throw notFound('recovery point', id)
    const packs = await packsOf(chunks, manifest)
    const keys: string[] = []
    for await (const { key } of chunks.store.list(folderPrefix(chunks.owner, 'keys'))) keys.push(key)
    const objects = [...keys, ...[...packs].map(chunks.packObjectKey), manifestKey(chunks, id)]
    await eachAtOnce(objects, locksAtOnce, async (key) => {
      hold.signal?.throwIfAborted()
      await locks.hold(key, hold.until, hold.mode)
    })
    return objects.length
  } finally {
    await session.end()
  }
}

/** Where readers find all that it names. */
async function packsOf(chunks: ChunkStore, manifest: Manifest): Promise<Set<string>> {
  const packs = new Set<string>()
  const take = (id: Buffer) => {
    const pack = chunks.locate(id)?.pack
    if (!pack) throw unavailable(`The recovery point ${manifest.id} in the ${chunks.store.name} misses something.`)
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
