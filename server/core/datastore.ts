import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import { locationOf, type StoreLocation } from '#server/schema/store.ts'
import { liveStatesSql } from './live-state.ts'

/** Operations of other targets that write to a datastore name it in their input. */
const atWorkSql = (id: string, own: string) => Prisma.sql`
  SELECT target_name AS name FROM operation
  WHERE state IN (${liveStatesSql}) AND input ->> 'datastoreId' = ${id} AND id <> ${own}::uuid LIMIT 1`

/** @throws conflict while another operation reads or writes backups there */
export async function operationAtWorkIn(tx: Tx, { id, targetId, targetName }: Own): Promise<void> {
  const [busy] = await tx.$queryRaw<{ name: string }[]>(atWorkSql(targetId, id))
  if (busy) {
    throw conflict(`${busy.name} has an operation running that uses ${targetName}.`, 'Wait until it has ended.')
  }
}
type Own = { id: string; targetId: string; targetName: string }

/** @throws conflict while a policy uses it, or a recovery point is there */
export async function demandEmpty(tx: Tx, { id, name }: { id: string; name: string }): Promise<void> {
  const policy = await tx.protectionPolicy.findFirst({ where: { datastoreId: id }, select: { name: true } })
  if (policy) {
    throw conflict(`The protection policy ${policy.name} backs up to ${name}.`, 'Give it another datastore first.')
  }
  const count = await tx.recoveryPoint.count({ where: { datastoreId: id } })
  if (count === 0) return
  throw conflict(
    `${name} holds ${count} recovery ${count === 1 ? 'point' : 'points'}.`,
    'Remove those first: a datastore goes when it is empty.',
  )
}

/** Names for everybody who backs a VM up. */
export const listDatastoreNames = (tx: Tx) =>
  tx.datastore.findMany({ orderBy: { name: 'asc' }, select: { id: true, name: true } })

export interface DatastoreRow {
  id: string
  name: string
  kind: string
  location: StoreLocation
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
      location: locationOf(row),
      ...{ recoveryPoints: sum?.points ?? 0, vms: sum?.vms ?? 0 },
      ...{ protectedBytes: Number(sum?.size ?? 0), storedBytes: Number(sum?.stored ?? 0) },
    }
  })
}
