import { demandUnused } from '#server/core/recovery-point-removal.ts'
import { SkerryError } from '#server/errors.ts'
import type { StepContext } from './define.ts'

type Context = Pick<StepContext<unknown, object>, 'db' | 'repositories' | 'operation'>

/**
 * Takes a recovery point away, of the operation's tenant: its row first, so that no row names what is gone; run again it
 * hides what a row no longer names. Where it can't be hidden it stays whole.
 * @throws conflict while an operation needs it
 */
export async function removeRecoveryPoint(context: Context, datastoreId: string, id: string): Promise<void> {
  const { db, repositories, operation } = context
  const repository = await repositories.repository(datastoreId, operation.tenantId)
  const row = await db.$transaction(async (tx) => {
    // Whoever asks for a restore holds on to it until that is written down.
    await tx.$queryRaw`SELECT FROM recovery_point WHERE id = ${id}::uuid FOR UPDATE`
    const where = { id, datastoreId, tenantId: operation.tenantId }
    const found = await tx.recoveryPoint.findFirst({ where })
    if (!found) return null
    await demandUnused(tx, [found])
    return tx.recoveryPoint.delete({ where: { id } })
  })
  try {
    await repository.remove(id)
  } catch (error) {
    // Hidden already, by an earlier run.
    if (error instanceof SkerryError && error.code === 'not-found') return
    if (row) {
      const { disks, shape, applications, ...rest } = row
      const data = { ...rest, disks: disks ?? [], shape: shape ?? {}, applications: applications ?? [] }
      await db.recoveryPoint.createMany({ skipDuplicates: true, data: [data] })
    }
    throw error
  }
}
