import { randomUUID } from 'node:crypto'
import type { RecoveryPoint } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict, invalid, notFound, unsupported } from '#server/errors.ts'
import { RecoveryDisks, type RestoreNewVmInput, type RestoreNewVmPlan, VmShape } from '#server/schema/backup.ts'
import type { OperationKind } from '#server/schema/operation.ts'
import { findEarlier } from './idempotency.ts'
import { type Asker, enqueue } from './operation.ts'
import { reserve } from './quota.ts'
import { demandValid } from './restore-disk.ts'
import { placesFor, type RestorePlace } from './restore-place.ts'
import { demandRestorable, demandRestorableFrom } from './store-damage.ts'
import { insertReserved, size } from './vm-creation.ts'

/** With disks of its own, or with such as share the recovery point's blocks. */
export type PointUse = Extract<OperationKind, 'restore-new-vm' | 'clone-recovery-point'>
type Point = Pick<RecoveryPoint, 'id' | 'tenantId' | 'disks' | 'shape' | 'vmName'> &
  (
    | { datastoreId: string; archiveStoreId: null; invalidAt: Date | null }
    | { datastoreId: null; archiveStoreId: string }
  )

/**
 * What a new VM is made of: the recovery point in its datastore, or the one in an archive store.
 * @throws not-found for one that is not there, or not to be seen
 */
export async function restorablePoint(
  tx: Tx,
  { recoveryPointId: id, archiveStoreId }: Pick<RestoreNewVmInput, 'recoveryPointId' | 'archiveStoreId'>,
): Promise<Point> {
  const select = { id: true, tenantId: true, disks: true, shape: true, vmName: true } as const
  if (archiveStoreId === null) {
    const where = { where: { id }, select: { ...select, datastoreId: true, invalidAt: true } }
    const point = await tx.recoveryPoint.findUnique(where)
    if (point) return { ...point, archiveStoreId }
  } else {
    const point = await tx.archivedPoint.findUnique({ where: { id_archiveStoreId: { id, archiveStoreId } }, select })
    if (point) return { ...point, archiveStoreId, datastoreId: null }
  }
  throw notFound('recovery point', id)
}

/** So long a guest waits for a block before it takes its disk for broken. */
const longestReadSeconds = 30

/** @throws unsupported for an archive store that answers too late for a VM that reads from it as it runs */
async function demandAtHand(tx: Tx, archiveStoreId: string): Promise<void> {
  const where = { id: archiveStoreId }
  const { name, firstByteSeconds } = await tx.archiveStore.findUniqueOrThrow({
    ...{ where, select: { name: true, firstByteSeconds: true } },
  })
  if (firstByteSeconds <= longestReadSeconds) return
  throw unsupported(
    `${name} gives what it holds only ${firstByteSeconds} s after it was asked, so no VM can run from it.`,
    'Restore the recovery point as a new VM, or bring it back to a datastore and clone it there.',
  )
}

/**
 * Where a new VM can be made of a recovery point.
 * @throws unsupported where nobody wrote down what the VM was, and for a clone of what is not at hand
 */
export async function restorePlaces(
  tx: Tx,
  point: Point,
  wanted: { use: PointUse; disks?: readonly string[] | undefined; start: boolean },
): Promise<RestorePlace[]> {
  if (point.archiveStoreId === null) demandValid(point)
  const { tenantId } = point
  const { use, start } = wanted
  const disks = disksOf(point, wanted.disks)
  if (use === 'clone-recovery-point' && point.archiveStoreId !== null) await demandAtHand(tx, point.archiveStoreId)
  return placesFor(tx, { tenantId, shape: shapeOf(point), disks, start, isClone: use === 'clone-recovery-point' })
}

/**
 * Takes the room, writes the VM's row in the state `creating`, which holds its place and counts against the quota, and
 * enqueues the work; all in the asker's transaction.
 */
export async function requestRestoreNew(
  asker: Asker,
  point: Point,
  use: PointUse,
  input: RestoreNewVmInput & { follow?: boolean },
  idempotencyKey: string | null,
) {
  const { tx } = asker
  if (input.follow && input.start) throw invalid('What follows its source is not started.', { field: 'start' })
  if (input.follow && point.archiveStoreId !== null) {
    throw invalid('What is made of an archived recovery point can’t follow its source.', { field: 'follow' })
  }
  const earlier = await findEarlier(asker, { kind: use, input, isPlanned: true, key: idempotencyKey })
  if (earlier) return earlier
  await holdPoint(tx, point)
  const { vcpuCount, memoryBytes } = shapeOf(point)
  const disks = disksOf(point, input.disks)
  const diskBytes = disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  await reserve(tx, point.tenantId, size({ vcpuCount, memoryBytes, diskBytes }))
  const place = await choose(tx, point, use, input)
  const plan: RestoreNewVmPlan & { follow?: boolean } = {
    ...input,
    ...{ uuid: randomUUID(), datastoreId: point.datastoreId, hostId: place.hostId, pool: place.pool },
    disks: disks.map(({ target }) => target),
    networks: place.cards.map(({ network, kept }) => (kept && input.keepNetworks ? network : null)),
  }
  const { uuid, name, notes, hostId } = plan
  const isClone = use === 'clone-recovery-point'
  const row = {
    ...{ uuid, name, notes, hostId, tags: [], tenantId: point.tenantId, templateId: null },
    ...(isClone ? { standsOn: point, follows: input.follow ?? false } : {}),
  }
  const vm = await insertReserved(tx, { ...row, vcpuCount, memoryBytes, diskBytes })
  return enqueue(asker, {
    kind: use,
    target: { kind: 'vm', id: vm.id, name },
    tenantId: point.tenantId,
    hostId,
    input: plan,
    reserved: input.start ? { memoryBytes } : {},
    idempotencyKey,
  })
}

/**
 * Until the operation is written down, after which nobody removes it.
 * @throws not-found for one that has just been removed; conflict for one that is damaged
 */
async function holdPoint(tx: Tx, { id, archiveStoreId }: Point): Promise<void> {
  const held: unknown[] =
    archiveStoreId === null
      ? await tx.$queryRaw`SELECT id FROM recovery_point WHERE id = ${id}::uuid FOR KEY SHARE`
      : await tx.$queryRaw`SELECT id FROM archived_point
          WHERE id = ${id}::uuid AND archive_store_id = ${archiveStoreId}::uuid FOR KEY SHARE`
  if (held.length === 0) throw notFound('recovery point', id)
  await (archiveStoreId === null ? demandRestorable(tx, id) : demandRestorableFrom(tx, archiveStoreId, id))
}

async function choose(tx: Tx, point: Point, use: PointUse, { place, disks, start }: RestoreNewVmInput) {
  const there = (await restorePlaces(tx, point, { use, disks, start })).filter((each) =>
    'hostId' in place ? each.hostId === place.hostId : each.siteId === place.siteId,
  )
  const best = there.find(({ eligible }) => eligible)
  if (best?.pool) return { ...best, pool: best.pool }
  const reasons = [...new Set(there.flatMap((each) => each.reasons))].join(' ')
  throw conflict(
    `No host there can take the VM. ${reasons || 'There is no host.'}`,
    'Choose another place, fewer disks, or free some room.',
  )
}

/** @throws unsupported where nobody wrote down what the VM was */
export function shapeOf({ shape, vmName }: Pick<Point, 'shape' | 'vmName'>): VmShape {
  const known = VmShape.safeParse(shape)
  if (known.success) return known.data
  throw unsupported(
    `What ${vmName} was is not known of this recovery point, which is from before Skerry wrote that down.`,
    'Choose a newer one.',
  )
}

/** All of them when none is chosen. */
export function disksOf(point: Pick<Point, 'disks'>, chosen: readonly string[] | undefined): RecoveryDisks {
  const all = RecoveryDisks.parse(point.disks)
  const unknown = chosen?.find((target) => !all.some((disk) => disk.target === target))
  if (unknown) throw invalid(`The recovery point has no disk ${unknown}.`, { field: 'disks' })
  return chosen ? all.filter(({ target }) => chosen.includes(target)) : all
}
