import type { Tx } from '#server/db.ts'
import { HurtPoints } from '#server/schema/datastore-state.ts'
import { damageOf } from './store-damage.ts'
import type { StoreRef } from './verify-round.ts'

const mostDamages = 200

/** What is broken in a store first, then what was; each with whom it hurts. */
export async function listDamages(tx: Tx, store: StoreRef) {
  const rows = await tx.storeDamage.findMany({
    where: damageOf(store),
    orderBy: [{ healedAt: { sort: 'desc', nulls: 'first' } }, { foundAt: 'desc' }],
    take: mostDamages,
  })
  const hurts = new Map(rows.map((row) => [row.id, HurtPoints.catch([]).parse(row.hurts)]))
  const points = await pointsOf(
    tx,
    store,
    [...hurts.values()].flat().map(({ recoveryPointId }) => recoveryPointId),
  )
  const tenantIds = rows.flatMap(({ tenantId }) => tenantId ?? [])
  const tenants = await tx.tenant.findMany({ where: { id: { in: tenantIds } }, select: { id: true, name: true } })
  return rows.map(({ id, what, objectKey, chunkId, reason, foundAt, healedAt, tenantId }) => ({
    ...{ id, what, objectKey, chunkId, reason, foundAt, healedAt },
    tenantName: tenants.find((tenant) => tenant.id === tenantId)?.name ?? null,
    hurts: (hurts.get(id) ?? []).map((hurt) => ({
      ...hurt,
      point: points.find((point) => point.id === hurt.recoveryPointId) ?? null,
    })),
  }))
}

function pointsOf(tx: Tx, { kind, id: storeId }: StoreRef, ids: readonly string[]) {
  const select = { id: true, vmId: true, vmName: true, takenAt: true }
  const id = { in: [...ids] }
  return kind === 'datastore'
    ? tx.recoveryPoint.findMany({ where: { id, datastoreId: storeId }, select })
    : tx.archivedPoint.findMany({ where: { id, archiveStoreId: storeId }, select })
}
