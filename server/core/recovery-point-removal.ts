import { type Operation, Prisma, type RecoveryPoint } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict, invalid } from '#server/errors.ts'
import { liveStates, type OperationKind } from '#server/schema/operation.ts'
import type { NewOperation } from './operation.ts'

type Point = Pick<RecoveryPoint, 'id' | 'tenantId' | 'vmId' | 'vmName' | 'datastoreId'>

/** What reads a recovery point of its VM that it has not named, or takes one. */
const kindsOnVm: readonly OperationKind[] = ['back-up-vm', 'restore-vm']

/**
 * The operation that needs one of the recovery points until it ends, if there is one; with the fleet's scope also one
 * that ended and could not be undone yet.
 */
export async function userOf(tx: Tx, points: readonly Point[]): Promise<Operation | null> {
  const ids = points.map(({ id }) => id)
  const vmIds = points.map(({ vmId }) => vmId).filter((id) => id !== null)
  const named: Prisma.OperationWhereInput[] = ids.map((id) => ({ input: { path: ['recoveryPointId'], equals: id } }))
  return tx.operation.findFirst({
    where: {
      OR: [
        { state: { in: [...liveStates] }, targetKind: 'vm', targetId: { in: vmIds }, kind: { in: [...kindsOnVm] } },
        { state: { in: [...liveStates] }, OR: named },
        // Its clean-up writes back what the VM was.
        { trace: { leftover: { not: Prisma.DbNull } }, OR: [{ id: { in: ids } }, ...named] },
      ],
    },
  })
}

/** @throws conflict while one of them is needed, or clones share blocks with it */
export async function demandUnused(tx: Tx, points: readonly Point[]): Promise<void> {
  await demandNoClones(tx, points)
  const user = await userOf(tx, points)
  if (!user) return
  const what = points.length === 1 ? 'The recovery point is' : 'Some of the recovery points are'
  throw conflict(
    `${what} needed by an operation on ${user.targetName} (${user.kind}).`,
    'Wait until that has ended, then try again.',
  )
}

const namedClones = 3

/** @throws conflict naming the clones that share blocks with one of them */
export async function demandNoClones(tx: Tx, points: readonly Pick<Point, 'id'>[]): Promise<void> {
  const clones = await tx.vm.findMany({
    where: { standsOnLocalId: { in: points.map(({ id }) => id) } },
    orderBy: { name: 'asc' },
    select: { name: true },
  })
  if (clones.length === 0) return
  const names = clones.slice(0, namedClones).map(({ name }) => name)
  const more = clones.length > namedClones ? ` and ${clones.length - namedClones} more` : ''
  throw conflict(
    `${names.join(', ')}${more} ${clones.length === 1 ? 'shares' : 'share'} blocks with ${points.length === 1 ? 'the recovery point' : 'some of the recovery points'}.`,
    'Keep the clones on their own, or delete them, then try again.',
  )
}

/**
 * Said of their VM where all are of one that is there, else of the datastore. Beside what else goes on there.
 * @throws invalid when they are of several tenants or datastores, conflict while one is needed
 */
export async function removalOf(tx: Tx, points: readonly Point[]): Promise<NewOperation> {
  const [first] = points
  if (!first) throw invalid('Name the recovery points to delete.')
  const { tenantId, datastoreId, vmId, vmName } = first
  if (points.some((point) => point.tenantId !== tenantId || point.datastoreId !== datastoreId)) {
    throw invalid('Delete recovery points of one tenant in one datastore at a time.')
  }
  await demandUnused(tx, points)
  const datastore = await tx.datastore.findUniqueOrThrow({ where: { id: datastoreId }, select: { name: true } })
  const isOfOne = vmId !== null && points.every((point) => point.vmId === vmId)
  return {
    kind: 'remove-recovery-points',
    target: isOfOne
      ? { kind: 'vm', id: vmId, name: vmName }
      : { kind: 'datastore', id: datastoreId, name: datastore.name },
    tenantId,
    exclusive: false,
    input: { datastoreId, ids: points.map(({ id }) => id) },
  }
}
