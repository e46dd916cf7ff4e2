import type { Tx } from '#server/db.ts'

import { Application } from '#server/schema/backup.ts'
import { damageText } from './store-damage.ts'

const numberOf = (value: bigint | null) => (value === null ? null : Number(value))

/** A VM's recovery points, newest first, without what is sealed. */
export async function listRecoveryPoints(tx: Tx, of: { vmId: string } | { vmUuid: string }) {
  const rows = await tx.recoveryPoint.findMany({
    where: of,
    orderBy: { takenAt: 'desc' },
    take: 500,
    omit: { definition: true },
    include: {
      datastore: { select: { id: true, name: true } },
      damage: true,
      clones: { orderBy: { name: 'asc' }, select: { id: true, name: true } },
    },
  })
  return rows.map((row) => ({
    ...row,
    ...{ uniqueBytes: numberOf(row.uniqueBytes), sharedBytes: numberOf(row.sharedBytes) },
    damage: row.damage && { ...row.damage, text: damageText(row.damage) },
    applications: Application.array().parse(row.applications),
    ...{ sizeBytes: Number(row.sizeBytes), readBytes: Number(row.readBytes), storedBytes: Number(row.storedBytes) },
  }))
}
