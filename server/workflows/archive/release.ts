import type { ArchivalPolicy } from '#prisma/generated/client.ts'
import { SkerryError } from '#server/errors.ts'
import { removeRecoveryPoint } from '../recovery-point-removal.ts'
import { type ArchiveContext as Context, tenantOf } from './context.ts'
import type { Archived } from './prove-again.ts'

export interface LocalCopy {
  id: string
  datastoreId: string
}

/**
 * @param prove tells why the local copy has to stay, or null when the archive has all of it
 * @returns why it stays, or null when it is gone or invalid
 */
export async function releaseLocal(
  context: Context,
  { archiveStoreId, localCopy }: ArchivalPolicy,
  { id, datastoreId }: LocalCopy,
  prove: (archived: Archived) => Promise<string | null>,
): Promise<string | null> {
  const { db } = context
  const tenantId = tenantOf(context)
  const archived = await db.archivedPoint.findUnique({
    where: { id_archiveStoreId: { id, archiveStoreId } },
    include: { damage: true },
  })
  // Never without the proven copy.
  if (archived?.tenantId !== tenantId) return 'One is not in the archive: its local copy stays.'
  const reason = await prove(archived)
  if (reason) return reason
  if (localCopy === 'invalidate') {
    const clone = await db.vm.findFirst({ where: { standsOnLocalId: id }, select: { name: true } })
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
