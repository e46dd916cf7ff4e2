import type { ArchivedPoint } from '#prisma/generated/client.ts'
import { forgetArchivedPoint } from '#server/core/archived-point.ts'
import { asOriginalError, OriginalDamaged, proveCopy } from '#server/repository/copy.ts'
import { DamageError } from '#server/repository/damage.ts'
import { dayOf } from '#server/repository/locked.ts'
import type { Repository } from '#server/repository/repository.ts'
import { Cancelled } from '../pause.ts'
import { type ArchiveContext as Context, demandGoing, tenantOf, unlessGone } from './context.ts'
import { isRecentProof } from './prove.ts'

interface Places {
  here: Repository
  there: Repository
}

/** What the archive store has is not what was sent there. */
export class ArchivedDamaged extends Error {}

/**
 * What was proven long ago is read back whole once more; of what was proven not long ago all must be there in its full
 * length.
 * @returns why the local copy has to stay, or null when the archive has all of it
 * @throws ArchivedDamaged when it has not
 */
export async function proveAgain(context: Context, archived: ArchivedPoint, places: Places): Promise<string | null> {
  try {
    if (isRecentProof(archived.readBackAt)) await places.there.demandWhole(archived.id)
    else await readBack(context, archived, places)
    return null
  } catch (error) {
    if (context.signal.aborted) throw new Cancelled()
    if (error instanceof OriginalDamaged) return `One stays in its datastore, where it is damaged. ${error.message}`
    throw error instanceof DamageError ? new ArchivedDamaged(error.message, { cause: error }) : error
  }
}

/**
 * Those of the archive that miss something and have a local copy leave it, so that the next run sends them again.
 * @param seen what was looked at before
 * @returns why others than those stay
 */
export async function forgetBroken(
  context: Context,
  archiveStoreId: string,
  seen: ReadonlySet<string>,
): Promise<string[]> {
  const { db, repositories } = context
  const tenantId = tenantOf(context)
  const there = await repositories.archives.repository(archiveStoreId, tenantId)
  const archived = await db.archivedPoint.findMany({ where: { tenantId, archiveStoreId }, select: { id: true } })
  const ids = archived.map(({ id }) => id)
  const local = await db.recoveryPoint.findMany({ where: { tenantId, id: { in: ids } }, select: { id: true } })
  const left: string[] = []
  for (const { id } of local) {
    demandGoing(context)
    if (seen.has(id)) continue
    const isWhole = await there.demandWhole(id).then(() => true, isDamage)
    if (!isWhole) left.push(await forget(context, archiveStoreId, id))
  }
  return left
}

/**
 * Takes what is damaged out of the archive. What nobody can delete yet stays, with its row: what is locked can't be sent
 * again under its id.
 * @returns why the local copy stays
 */
export async function forget(context: Context, archiveStoreId: string, id: string): Promise<string> {
  const { db, log, repositories } = context
  const tenantId = tenantOf(context)
  log.warn({ archiveStoreId, recoveryPointId: id }, 'the archived copy is not whole any more, the local one is')
  const there = await repositories.archives.repository(archiveStoreId, tenantId)
  const lockedUntil = await there.heldUntil(id)
  if (lockedUntil) {
    return `One is damaged in the archive store, and locked there until ${dayOf(lockedUntil)}: its local copy stays.`
  }
  if (await forgetArchivedPoint(db, { id, archiveStoreId, tenantId })) await there.remove(id).catch(unlessGone)
  return 'One is damaged in the archive store: its local copy stays, and is sent again by the next run.'
}

function isDamage(error: unknown): false {
  if (error instanceof DamageError) return false
  throw error
}

async function readBack({ db, signal }: Context, { id, archiveStoreId }: ArchivedPoint, { here, there }: Places) {
  const startedAt = performance.now()
  const original = await here.recoveryPoint(id).catch(asOriginalError)
  try {
    const copy = await there.recoveryPoint(id)
    try {
      const readBackBytes = BigInt(await proveCopy({ original, copy, signal }))
      const readBackMs = Math.max(1, Math.round(performance.now() - startedAt))
      const data = { readBackBytes, readBackMs, readBackAt: new Date() }
      await db.archivedPoint.update({ where: { id_archiveStoreId: { id, archiveStoreId } }, data })
    } finally {
      await copy.close()
    }
  } finally {
    await original.close()
  }
}
