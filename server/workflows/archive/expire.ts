import { forgetArchivedPoint } from '#server/core/archived-point.ts'
import { SkerryError } from '#server/errors.ts'
import type { CollectReport } from '#server/repository/collector.ts'
import type { Repository } from '#server/repository/repository.ts'
import { archivePlace } from '../archive-place.ts'
import { lookAtDamage } from '../verify-tenant.ts'
import {
  type ArchiveMemory,
  type ArchiveContext as Context,
  demandGoing,
  mostAtOnce,
  tenantOf,
  unlessGone,
} from './context.ts'

/** Removes what has been kept for its time and is not locked: its row first, so that no row names what is gone. */
export async function expire(context: Context): Promise<Partial<ArchiveMemory>> {
  const { db, input, repositories } = context
  const { archiveStoreId } = input
  const tenantId = tenantOf(context)
  const now = new Date()
  const due = await db.archivedPoint.findMany({
    where: {
      ...{ archiveStoreId, tenantId, expiresAt: { lte: now } },
      OR: [{ lockedUntil: null }, { lockedUntil: { lte: now } }],
      // What clones read goes when they are on their own or gone.
      clones: { none: {} },
    },
    select: { id: true },
    take: mostAtOnce,
  })
  const repository = await repositories.archives.repository(archiveStoreId, tenantId)
  let expired = 0
  for (const { id } of due) {
    demandGoing(context)
    context.progress({ phase: 'removing what has expired', done: expired, total: due.length, unit: 'items' })
    if (!(await forgetArchivedPoint(db, { id, archiveStoreId, tenantId }))) continue
    expired++
    await repository.remove(id).catch(unlessGone)
  }
  await removeLeft(context, repository)
  const mayGo = expired > 0 || (await repository.hasPending())
  const left = [...(context.memory.left ?? [])]
  let locked: ArchiveMemory['locked'] = null
  try {
    if (mayGo) locked = lockedOf(await repository.collect())
  } catch (error) {
    // One that can't be read keeps the space of what has expired, and nothing else of the run.
    if (!(error instanceof SkerryError && error.code === 'conflict')) throw error
    left.push(error.message)
  }
  // What was sent may have stored anew what was broken, and nobody needs what is gone.
  if ((context.memory.archived ?? 0) + expired > 0) {
    await lookAtDamage(archivePlace({ db, repositories, archiveStoreId }), tenantId)
  }
  return { expired, locked, left }
}

/** What was to go and nobody can delete yet: it goes when a later run finds the lock ended. */
const lockedOf = ({ locked: { objects, bytes, until } }: CollectReport): ArchiveMemory['locked'] =>
  until && { objects, bytes, until: until.toISOString() }

/** What an expiry that broke off has left. What is in a datastore still may be on its way here. */
async function removeLeft({ db, input: { archiveStoreId } }: Context, repository: Repository): Promise<void> {
  const ids: string[] = []
  for await (const id of repository.recoveryPointIds()) ids.push(id)
  for (let at = 0; at < ids.length; at += mostAtOnce) {
    const some = ids.slice(at, at + mostAtOnce)
    const where = { id: { in: some } }
    const select = { id: true }
    const known = new Set(
      [
        await db.archivedPoint.findMany({ where: { ...where, archiveStoreId }, select }),
        await db.recoveryPoint.findMany({ where, select }),
      ].flatMap((rows) => rows.map(({ id }) => id)),
    )
    for (const id of some) {
      // What is locked and no row names is not ours to hide: it is all that is left of it.
      if (!known.has(id) && !(await repository.heldUntil(id))) await repository.remove(id).catch(unlessGone)
    }
  }
}
