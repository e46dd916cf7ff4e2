import type { Tx } from '#server/db.ts'
import {
  CompactResult,
  type DatastoreState,
  isNearlyFull,
  VerifyResult,
  VerifyRound,
} from '#server/schema/datastore-state.ts'
import { locationOf } from '#server/schema/store.ts'
import { damageText } from './store-damage.ts'
import { listDamages } from './store-damage-list.ts'

const numberOf = (value: bigint | null) => (value === null ? null : Number(value))
const mostDays = 90
const mostPoints = 200

/** A datastore with all that is known of it. Sizes in bytes. */
export async function readDatastore(tx: Tx, id: string) {
  const row = await tx.datastore.findUniqueOrThrow({ where: { id }, omit: { credential: true } })
  const [freeBytes, totalBytes] = [numberOf(row.freeBytes), numberOf(row.totalBytes)]
  const { name, stateReason, stateWayOut, stateAt, measuredAt, measureFailure, measureNow, verifyDays } = row
  const { nextVerifyAt, nextCompactAt, createdAt } = row
  return {
    ...{ id, name, createdAt, location: locationOf(row), state: row.state as DatastoreState, stateReason, stateWayOut },
    ...{ stateAt, freeBytes, totalBytes, isNearlyFull: isNearlyFull({ freeBytes, totalBytes }) },
    ...{ measuredAt, measureFailure, isMeasuring: measureNow, verifyDays, nextVerifyAt, nextCompactAt },
    round: VerifyRound.nullable().catch(null).parse(row.verifyRound),
    verified: VerifyResult.nullable().catch(null).parse(row.verifyResult),
    compacted: CompactResult.nullable().catch(null).parse(row.compactResult),
    recoveryPoints: await tx.recoveryPoint.count({ where: { datastoreId: id } }),
    shares: await listShares(tx, id),
    vms: await listVms(tx, id),
    days: await listDays(tx, id),
    damages: await listDamages(tx, { kind: 'datastore', id }),
  }
}

async function listShares(tx: Tx, datastoreId: string) {
  const rows = await tx.datastoreShare.findMany({ where: { datastoreId }, orderBy: { storedBytes: 'desc' } })
  const tenants = await tx.tenant.findMany({ select: { id: true, name: true } })
  return rows.map(({ vmBytes: _, ...row }) => ({
    ...row,
    tenantName: row.tenantId === null ? null : (tenants.find(({ id }) => id === row.tenantId)?.name ?? row.tenantId),
    ...{ restorableBytes: Number(row.restorableBytes), contentBytes: Number(row.contentBytes) },
    ...{ storedBytes: Number(row.storedBytes), deadBytes: Number(row.deadBytes) },
  }))
}

/** By VM, also those that are gone: what removing all of its recovery points would give back. */
const listVms = (tx: Tx, datastoreId: string) => tx.$queryRaw<
  {
    vmUuid: string
    vmId: string | null
    vmName: string
    tenantName: string | null
    points: number
    hurt: number
    lastAt: Date
    restorableBytes: number
    /** Nothing before it was measured */
    ownBytes: number | null
  }[]
>`SELECT vm_uuid::text AS "vmUuid", (array_agg(vm_id::text ORDER BY taken_at DESC))[1] AS "vmId",
    (array_agg(vm_name ORDER BY taken_at DESC))[1] AS "vmName", tenant.name AS "tenantName", count(*)::int AS points,
    count(damage.recovery_point_id)::int AS hurt, max(taken_at) AS "lastAt", sum(size_bytes)::float8 AS "restorableBytes",
    max((share.vm_bytes ->> vm_uuid::text)::float8) AS "ownBytes"
  FROM recovery_point AS point LEFT JOIN tenant ON tenant.id = point.tenant_id
    LEFT JOIN recovery_point_damage AS damage ON damage.recovery_point_id = point.id
    LEFT JOIN datastore_share AS share
      ON share.datastore_id = point.datastore_id AND share.tenant_id IS NOT DISTINCT FROM point.tenant_id
  WHERE point.datastore_id = ${datastoreId}::uuid GROUP BY vm_uuid, tenant.name
  ORDER BY "ownBytes" DESC NULLS LAST, "vmName" LIMIT 1000`

async function listDays(tx: Tx, datastoreId: string) {
  const rows = await tx.datastoreDay.findMany({ where: { datastoreId }, orderBy: { day: 'desc' }, take: mostDays })
  return rows.map((row) => ({
    ...{ day: row.day.toISOString().slice(0, 10), recoveryPoints: row.recoveryPoints },
    ...{ restorableBytes: Number(row.restorableBytes), storedBytes: Number(row.storedBytes) },
    ...{ deadBytes: Number(row.deadBytes), freeBytes: numberOf(row.freeBytes) },
  }))
}

/** Recovery points of a datastore, newest first. */
export async function listDatastorePoints(tx: Tx, datastoreId: string, vmUuid?: string) {
  const rows = await tx.recoveryPoint.findMany({
    where: { datastoreId, ...(vmUuid ? { vmUuid } : {}) },
    orderBy: { takenAt: 'desc' },
    take: mostPoints,
    omit: { definition: true },
    include: { damage: true, tenant: { select: { name: true } } },
  })
  return rows.map(({ id, vmId, vmName, takenAt, reading, origin, tenant, damage, ...row }) => ({
    ...{ id, vmId, vmName, takenAt, reading, origin, tenantName: tenant?.name ?? null },
    ...{ sizeBytes: Number(row.sizeBytes), storedBytes: Number(row.storedBytes) },
    ...{ uniqueBytes: numberOf(row.uniqueBytes), sharedBytes: numberOf(row.sharedBytes) },
    damage: damage && damageText(damage),
  }))
}

/** What a tenant's own backups take, wherever they are. */
export async function readTenantShare(tx: Tx, tenantId: string) {
  const rows = await tx.datastoreShare.findMany({
    where: { tenantId },
    include: { datastore: { select: { name: true } } },
  })
  return rows.map(
    ({ datastore, recoveryPoints, restorableBytes, storedBytes, dedupRatio, compressionRatio, measuredAt }) => ({
      ...{ datastoreName: datastore.name, recoveryPoints, dedupRatio, compressionRatio, measuredAt },
      ...{ restorableBytes: Number(restorableBytes), storedBytes: Number(storedBytes) },
    }),
  )
}
