import { randomUUID } from 'node:crypto'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import type { AddDatastoreInput } from '#server/schema/backup.ts'
import type { NewOperation } from './operation.ts'

/** @throws conflict when the name is taken */
export async function datastoreAdditionOf(tx: Tx, input: AddDatastoreInput): Promise<NewOperation> {
  const taken = await tx.datastore.count({ where: { name: input.name } })
  if (taken > 0) throw conflict(`There is a datastore ${input.name} already.`, 'Choose another name.')
  const datastoreId = randomUUID()
  return {
    kind: 'add-datastore',
    target: { kind: 'datastore', id: datastoreId, name: input.name },
    tenantId: null,
    input: { ...input, datastoreId },
  }
}

/** Names for everybody who backs a VM up. */
export const listDatastoreNames = (tx: Tx) =>
  tx.datastore.findMany({ orderBy: { name: 'asc' }, select: { id: true, name: true } })

export interface DatastoreRow {
  id: string
  name: string
  kind: string
  location: unknown
  createdAt: Date
  recoveryPoints: number
  vms: number
  /** Of the disks as they are restored, all recovery points together */
  protectedBytes: number
  storedBytes: number
}

export async function listDatastores(tx: Tx): Promise<DatastoreRow[]> {
  const rows = await tx.datastore.findMany({ orderBy: { name: 'asc' }, omit: { credential: true } })
  const sums = await tx.$queryRaw<
    { id: string; points: number; vms: number; size: bigint; stored: bigint }[]
  >`SELECT datastore_id::text AS id, count(*)::int AS points, count(DISTINCT vm_uuid)::int AS vms,
      sum(size_bytes)::bigint AS size, sum(stored_bytes)::bigint AS stored
    FROM recovery_point GROUP BY datastore_id`
  const byId = new Map(sums.map((sum) => [sum.id, sum]))
  return rows.map((row) => {
    const sum = byId.get(row.id)
    return {
      ...row,
      ...{ recoveryPoints: sum?.points ?? 0, vms: sum?.vms ?? 0 },
      ...{ protectedBytes: Number(sum?.size ?? 0), storedBytes: Number(sum?.stored ?? 0) },
    }
  })
}
