import type { Tx } from '#server/db.ts'

/** A VM's recovery points, newest first, without what is sealed. */
export async function listRecoveryPoints(tx: Tx, vmId: string) {
  const rows = await tx.recoveryPoint.findMany({
    where: { vmId },
    orderBy: { takenAt: 'desc' },
    take: 500,
    omit: { definition: true },
    include: { datastore: { select: { id: true, name: true } } },
  })
  return rows.map((row) => ({
    ...row,
    ...{ sizeBytes: Number(row.sizeBytes), readBytes: Number(row.readBytes), storedBytes: Number(row.storedBytes) },
  }))
}
