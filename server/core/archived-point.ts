import type { Vm } from '#prisma/generated/client.ts'
import type { Db, Tx } from '#server/db.ts'
import { notFound } from '#server/errors.ts'
import type { ArchivedPointRef, BringBackInput, LockMode } from '#server/schema/archive.ts'
import { liveStates } from '#server/schema/operation.ts'
import { readingRates, recallOf } from './archive-store.ts'
import type { NewOperation } from './operation.ts'
import { damageText } from './store-damage.ts'

/** A VM's recovery points in archive stores, newest first, with what getting each back takes. */
export async function listArchivedPoints(tx: Tx, of: { vmId: string } | { vmUuid: string }) {
  const rows = await tx.archivedPoint.findMany({
    where: of,
    orderBy: { takenAt: 'desc' },
    take: 1000,
    omit: { definition: true },
    include: {
      archiveStore: { omit: { credential: true, location: true } },
      damage: true,
      clones: { orderBy: { name: 'asc' }, select: { id: true, name: true } },
    },
  })
  const rates = await readingRates(tx, [...new Set(rows.map(({ archiveStoreId }) => archiveStoreId))])
  const local = await tx.recoveryPoint.findMany({
    where: { id: { in: rows.map(({ id }) => id) } },
    select: { id: true, invalidAt: true },
  })
  return rows.map(({ archiveStore, damage, ...row }) => {
    const here = local.find(({ id }) => id === row.id)
    return {
      ...row,
      ...{ sizeBytes: Number(row.sizeBytes), contentBytes: Number(row.contentBytes) },
      ...{ storedBytes: Number(row.storedBytes), readBackBytes: Number(row.readBackBytes) },
      lock: row.lock as LockMode | null,
      damage: damage && damageText(damage, 'archive store'),
      archiveStore: { id: archiveStore.id, name: archiveStore.name },
      local: here ? (here.invalidAt ? ('invalid' as const) : ('whole' as const)) : ('gone' as const),
      recall: recallOf(Number(row.contentBytes), archiveStore, rates.get(row.archiveStoreId)),
    }
  })
}

/** One that may be read. Held until the operation is written down, after which nobody removes it. @throws not-found */
export async function archivedPointOf(tx: Tx, vm: Pick<Vm, 'id' | 'tenantId'>, ref: ArchivedPointRef) {
  const { recoveryPointId: id, archiveStoreId } = ref
  await tx.$queryRaw`SELECT FROM archived_point
    WHERE id = ${id}::uuid AND archive_store_id = ${archiveStoreId}::uuid FOR KEY SHARE`
  const point = await tx.archivedPoint.findUnique({
    where: { id_archiveStoreId: { id, archiveStoreId } },
    select: { id: true, vmId: true, tenantId: true },
  })
  if (point?.vmId !== vm.id || point.tenantId !== vm.tenantId) throw notFound('recovery point', id)
  return point
}

/** Copies it into a datastore again, or makes the copy there valid again. */
export async function bringBackOf(tx: Tx, vm: Vm, input: BringBackInput): Promise<NewOperation> {
  await archivedPointOf(tx, vm, input)
  if ((await tx.datastore.count({ where: { id: input.datastoreId } })) === 0) {
    throw notFound('datastore', input.datastoreId)
  }
  return {
    kind: 'bring-back-recovery-point',
    target: { kind: 'vm', id: vm.id, name: vm.name },
    tenantId: vm.tenantId,
    hostId: vm.hostId,
    input,
  }
}

/** Whether a clone reads it there, or an operation it or the like of it. */
const isBeingRead = async (tx: Tx, { id, archiveStoreId }: Pick<ArchivedPointKey, 'id' | 'archiveStoreId'>) =>
  (await tx.vm.count({ where: { standsOnId: id, standsOnArchiveStoreId: archiveStoreId } })) > 0 ||
  (await tx.operation.count({
    where: { state: { in: [...liveStates] }, input: { path: ['recoveryPointId'], equals: id } },
  })) > 0

export interface ArchivedPointKey {
  id: string
  archiveStoreId: string
  tenantId: string
}

/**
 * Takes its row away, so that no row names what goes, unless a restore or a clone holds on to it, or `mayGo` says no.
 * @returns whether it did
 */
export const forgetArchivedPoint = (
  db: Db,
  { id, archiveStoreId, tenantId }: ArchivedPointKey,
  mayGo: (tx: Tx) => Promise<boolean> = async () => true,
): Promise<boolean> =>
  db.$transaction(async (tx) => {
    // Whoever asks for a restore holds on to it until that is written down.
    await tx.$queryRaw`SELECT FROM archived_point
      WHERE id = ${id}::uuid AND archive_store_id = ${archiveStoreId}::uuid FOR UPDATE`
    if ((await isBeingRead(tx, { id, archiveStoreId })) || !(await mayGo(tx))) return false
    await tx.archivedPoint.deleteMany({ where: { id, archiveStoreId, tenantId } })
    return true
  })

/**
 * Takes the row of one that is damaged in the archive away where its local copy has all of it, which becomes one that is
 * archived again, also if it was marked invalid.
 * @returns whether it did
 */
export const forgetForLocalCopy = (db: Db, key: ArchivedPointKey): Promise<boolean> =>
  forgetArchivedPoint(db, key, async (tx) => {
    const { id, tenantId } = key
    // Nobody removes it before this is written down.
    await tx.$queryRaw`SELECT FROM recovery_point WHERE id = ${id}::uuid FOR UPDATE`
    const sound = { id, tenantId, damage: { is: null } }
    return (await tx.recoveryPoint.updateMany({ where: sound, data: { invalidAt: null } })).count > 0
  })
