import { eachAtOnce } from '#server/each-at-once.ts'
import { notFound, unsupported } from '#server/errors.ts'
import type { LockMode } from '#server/schema/archive.ts'
import type { ChunkStore } from './chunk-store.ts'
import { folderPrefix } from './layout.ts'
import { manifestKey, readLastingManifest } from './manifest.ts'
import { packsNamedBy } from './named-pack.ts'
import { Session } from './session.ts'

export interface Hold {
  readonly until: Date
  readonly mode: LockMode
  readonly signal?: AbortSignal | undefined
}

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
    const packs = await packsNamedBy(chunks, manifest)
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
