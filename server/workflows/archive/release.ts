import type { ArchivalPolicy } from '#prisma/generated/client.ts'
import { SkerryError } from '#server/errors.ts'
import { removeRecoveryPoint } from '../recovery-point-removal.ts'
import { type ArchiveContext as Context, tenantOf } from './context.ts'
import { proveAgain } from './prove-again.ts'

/**
 * @returns why it stays, or null when it is gone or invalid
 * @throws ArchivedDamaged
 */
export async function releaseLocal(
  context: Context,
  { archiveStoreId, localCopy }: ArchivalPolicy,
  { id, datastoreId }: { id: string; datastoreId: string },
): Promise<string | null> {
  const { db, repositories } = context
  const tenantId = tenantOf(context)
  const where = { id_archiveStoreId: { id, archiveStoreId } }
  const archived = await db.archivedPoint.findUnique({ where })
  // Never without the proven copy, by the row that says so and by what the archive store has now.
  if (archived?.tenantId !== tenantId) return 'One is not in the archive: its local copy stays.'
  const there = await repositories.archives.repository(archiveStoreId, tenantId)
  if (!(await there.describe(id))) return 'One is gone from the archive store: its local copy stays.'
  const here = await repositories.repository(datastoreId, tenantId)
  const reason = await proveAgain(context, archived, { here, there })
  if (reason) return reason
  if (localCopy === 'invalidate') {
    const clone = await db.vm.findFirst({ where: { standsOnId: id }, select: { name: true } })
    if (clone) return `${clone.name} shares blocks with one: its local copy stays.`
    await db.recoveryPoint.updateMany({ where: { id, tenantId, invalidAt: null }, data: { invalidAt: new Date() } })
    return null
  }
  try {
    await removeRecoveryPoint(context, datastoreId, id)
    return null
  } catch (error) {
    if (error instanceof SkerryError && error.code === 'conflict') return error.message
    throw error
  }
}
