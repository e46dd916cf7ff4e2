import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import { type DatastoreState, isNearlyFull, VerifyResult } from '#server/schema/datastore-state.ts'
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
  /** As measured; until then what each backup added */
  storedBytes: number
  state: DatastoreState
  stateReason: string | null
  freeBytes: number | null
  isNearlyFull: boolean
  /** Things known to be broken */
  damaged: number
  verifiedAt: string | null
}

export async function listDatastores(tx: Tx): Promise<DatastoreRow[]> {
  const rows = await tx.datastore.findMany({ orderBy: { name: 'asc' }, omit: { credential: true } })
  const sums = await tx.$queryRaw<
    {
      id: string
      points: number
      vms: number
      size: number
      stored: number
      measured: number | null
      damaged: number
    }[]
  >`SELECT datastore.id::text, count(point.id)::int AS points, count(DISTINCT vm_uuid)::int AS vms,
      coalesce(sum(size_bytes), 0)::float8 AS size, coalesce(sum(stored_bytes), 0)::float8 AS stored,
      (SELECT sum(share.stored_bytes)::float8 FROM datastore_share AS share WHERE share.datastore_id = datastore.id) AS measured,
      (SELECT count(*)::int FROM store_damage AS damage
        WHERE damage.datastore_id = datastore.id AND healed_at IS NULL) AS damaged
    FROM datastore LEFT JOIN recovery_point AS point ON point.datastore_id = datastore.id GROUP BY datastore.id`
  const byId = new Map(sums.map((sum) => [sum.id, sum]))
  return rows.map((row) => {
    const sum = byId.get(row.id)
    const { id, name, kind, createdAt, stateReason } = row
    const room = { freeBytes: numberOf(row.freeBytes), totalBytes: numberOf(row.totalBytes) }
    return {
      ...{ id, name, kind, createdAt, location: locationOf(row), state: row.state as DatastoreState, stateReason },
      ...{ freeBytes: room.freeBytes, isNearlyFull: isNearlyFull(room), damaged: sum?.damaged ?? 0 },
      verifiedAt: VerifyResult.nullable().catch(null).parse(row.verifyResult)?.endedAt ?? null,
      ...{ recoveryPoints: sum?.points ?? 0, vms: sum?.vms ?? 0 },
      ...{ protectedBytes: sum?.size ?? 0, storedBytes: sum?.measured ?? sum?.stored ?? 0 },
    }
  })
}

const numberOf = (value: bigint | null) => (value === null ? null : Number(value))
