import type { Vm } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict, notFound } from '#server/errors.ts'
import type { BackUpPlan, RestoreMeasureInput, RestoreVmInput } from '#server/schema/backup.ts'
import type { DeleteSnapshotInput, RevertSnapshotInput, TakeSnapshotPlan } from '#server/schema/snapshot.ts'
import type {
  DeleteVmInput,
  EditVmInput,
  EditXmlInput,
  MeasureInput,
  MigrateInput,
  PowerInput,
} from '#server/schema/vm-action.ts'
import { type VmAction, vmRule } from '#server/schema/vm-rule.ts'
import { archivedPointOf } from './archived-point.ts'
import type { Moves } from './migration-candidate.ts'
import { demandStandstill } from './migration-saved.ts'
import { demandNetworks } from './network-grant.ts'
import type { NewOperation } from './operation.ts'
import { reserve } from './quota.ts'
import { demandValid, disksToRestore } from './restore-disk.ts'
import { demandDeletable, demandStorage, revertRule } from './snapshot.ts'
import { demandRestorable, demandRestorableFrom } from './store-damage.ts'

/**
 * The operations that can be asked of a VM. Each function judges the VM as it is now and says what is to be enqueued;
 * asking, asking for many and trying again go through the same one.
 * @throws conflict with the reason why not
 */
export function powerOf(vm: Vm, input: PowerInput): NewOperation {
  demandState(vm, input.action)
  return operationOn(vm, { kind: 'power-vm', input })
}

/** Takes what the edit adds from the tenant's quota as well. */
export async function editOf(tx: Tx, vm: Vm, input: EditVmInput): Promise<NewOperation> {
  demandState(vm, 'edit')
  const cards = [...(input.addInterfaces ?? []), ...(input.changeInterfaces ?? [])]
  const networks = cards.map(({ network }) => network)
  await demandNetworks(tx, vm.tenantId, { hostId: vm.hostId }, networks)
  const reserved = await growth(tx, vm, input)
  await reserve(tx, vm.tenantId, reserved)
  return operationOn(vm, { kind: 'edit-vm', input, reserved })
}

/**
 * Takes the snapshot's place from the tenant's quota as well.
 * @param beside snapshots of the same tenant that the same request asks for and has not enqueued yet
 */
export async function snapshotOf(tx: Tx, vm: Vm, input: TakeSnapshotPlan, beside = 0): Promise<NewOperation> {
  demandState(vm, 'snapshot')
  const others = await tx.snapshot.findMany({ where: { vmId: vm.id } })
  if (others.some(({ name }) => name === input.name)) {
    throw conflict(`${vm.name} has a snapshot ${input.name} already.`, 'Choose another name.')
  }
  demandStorage(vm, input.withMemory, others)
  await reserve(tx, vm.tenantId, { snapshots: beside + 1 })
  return operationOn(vm, { kind: 'take-snapshot', input })
}

export async function revertOf(tx: Tx, vm: Vm, input: RevertSnapshotInput): Promise<NewOperation> {
  const [snapshot, host] = [await snapshotNamed(tx, vm, input.name), await hostOf(tx, vm)]
  const ruling = revertRule(vm, snapshot, host)
  if (ruling !== true) throw conflict(`${vm.name} can’t be reverted to ${snapshot.name}. ${ruling}`)
  if (input.keepAs) {
    const taken = await tx.snapshot.count({ where: { vmId: vm.id, name: input.keepAs } })
    if (taken > 0) throw conflict(`${vm.name} has a snapshot ${input.keepAs} already.`, 'Choose another name.')
    await reserve(tx, vm.tenantId, { snapshots: 1 })
  }
  return operationOn(vm, { kind: 'revert-snapshot', input })
}

export async function snapshotDeletionOf(tx: Tx, vm: Vm, input: DeleteSnapshotInput): Promise<NewOperation> {
  const snapshot = await snapshotNamed(tx, vm, input.name)
  demandState(vm, 'delete-snapshot')
  const all = await tx.snapshot.findMany({ where: { vmId: vm.id } })
  demandDeletable(vm, snapshot, all, input.withChildren)
  return operationOn(vm, { kind: 'delete-snapshot', input })
}

async function snapshotNamed(tx: Tx, vm: Vm, name: string) {
  const snapshot = await tx.snapshot.findUnique({ where: { vmId_name: { vmId: vm.id, name } } })
  if (!snapshot) throw conflict(`${vm.name} has no snapshot ${name} any more.`, 'Reload to see those that there are.')
  return snapshot
}

const hostOf = (tx: Tx, vm: Vm) =>
  tx.host.findUniqueOrThrow({ where: { id: vm.hostId }, select: { name: true, libvirtVersion: true } })

export async function backupOf(tx: Tx, vm: Vm, input: BackUpPlan): Promise<NewOperation> {
  demandState(vm, 'backup')
  const datastore = await tx.datastore.findUnique({ where: { id: input.datastoreId }, select: { id: true } })
  if (!datastore) throw notFound('datastore', input.datastoreId)
  return operationOn(vm, { kind: 'back-up-vm', input })
}

/** @throws not-found for a recovery point of another VM, or one that the asker may not see */
export async function restoreOf(tx: Tx, vm: Vm, input: RestoreVmInput): Promise<NewOperation> {
  demandState(vm, 'restore')
  const { archiveStoreId } = input
  if (archiveStoreId !== null) {
    await archivedPointOf(tx, vm, { ...input, archiveStoreId })
    await demandRestorableFrom(tx, archiveStoreId, input.recoveryPointId)
    return operationOn(vm, { kind: 'restore-vm', input: { ...input, datastoreId: await datastoreForPresent(tx, vm) } })
  }
  // Held until the operation is written down, after which nobody removes it.
  await tx.$queryRaw`SELECT FROM recovery_point WHERE id = ${input.recoveryPointId}::uuid FOR KEY SHARE`
  const point = await pointOf(tx, vm, input.recoveryPointId)
  demandValid(point)
  await demandRestorable(tx, input.recoveryPointId)
  disksToRestore(vm.name, await tx.disk.findMany({ where: { vmId: vm.id } }), point.disks, input.disks)
  return operationOn(vm, { kind: 'restore-vm', input: { ...input, datastoreId: point.datastoreId } })
}

/** Where its last backup went; a VM that has none yet goes to the first datastore there is. */
async function datastoreForPresent(tx: Tx, vm: Vm): Promise<string> {
  const last = await tx.recoveryPoint.findFirst({
    where: { vmId: vm.id, tenantId: vm.tenantId },
    orderBy: { takenAt: 'desc' },
    select: { datastoreId: true },
  })
  if (last) return last.datastoreId
  const any = await tx.datastore.findFirst({ orderBy: { createdAt: 'asc' }, select: { id: true } })
  if (!any) throw conflict('What the VM is now can’t be kept: there is no datastore.', 'An operator adds one.')
  return any.id
}

export async function restoreMeasureOf(tx: Tx, vm: Vm, input: RestoreMeasureInput): Promise<NewOperation> {
  const { datastoreId } = await pointOf(tx, vm, input.recoveryPointId)
  return operationOn(vm, { kind: 'measure-restore', input: { ...input, datastoreId }, exclusive: false })
}

async function pointOf(tx: Tx, vm: Vm, id: string) {
  const point = await tx.recoveryPoint.findUnique({
    where: { id },
    select: { vmId: true, tenantId: true, datastoreId: true, disks: true, invalidAt: true },
  })
  if (point?.vmId !== vm.id || point.tenantId !== vm.tenantId) throw notFound('recovery point', id)
  return point
}

export function xmlEditOf(vm: Vm, input: EditXmlInput): NewOperation {
  demandState(vm, 'edit-xml')
  return operationOn(vm, { kind: 'edit-vm-xml', input })
}

export function deletionOf(vm: Vm, input: DeleteVmInput): NewOperation {
  demandState(vm, 'delete')
  return operationOn(vm, { kind: 'delete-vm', input })
}

export function measureOf(vm: Vm, input: MeasureInput): NewOperation {
  demandState(vm, 'measure')
  return operationOn(vm, { kind: 'measure-vm', input, exclusive: false })
}

/** @param moves with this VM, and what was decided for others already */
export function migrationOf(moves: Moves, vm: Vm, input: MigrateInput): NewOperation {
  demandState(vm, 'migrate')
  const verdict = moves.judge(vm.id, input.destinationHostId)
  if (!verdict.eligible) throw conflict(`${vm.name} can’t move there: ${verdict.reasons.join(' ')}`)
  demandStandstill(vm.name, verdict, input)
  moves.promise(vm.id, input.destinationHostId)
  const memoryBytes = vm.state === 'off' ? 0n : vm.memoryBytes
  return operationOn(vm, {
    kind: 'migrate-vm',
    input,
    destinationHostId: input.destinationHostId,
    reserved: { vcpus: vm.vcpuCount, memoryBytes, diskBytes: verdict.copiedBytes },
  })
}

/** What a clone shares is copied into disks of its own. */
export function keepOf(vm: Vm): NewOperation {
  demandState(vm, 'keep')
  return operationOn(vm, { kind: 'keep-clone', input: {} })
}

/** @throws conflict with the reason why its state does not allow it */
export function demandState(vm: Vm, action: VmAction): void {
  const ruling = vmRule(vm, action)
  if (ruling !== true) throw conflict(`${vm.name} can’t do that now (${action}). ${ruling}`)
}

/** At the host it is on now, in its tenant. */
export const operationOn = (
  vm: Vm,
  operation: Pick<NewOperation, 'kind' | 'input'> & Partial<NewOperation>,
): NewOperation => ({
  target: { kind: 'vm', id: vm.id, name: vm.name },
  tenantId: vm.tenantId,
  hostId: vm.hostId,
  ...operation,
})

/** What an edit adds to the VM's size; what it takes away counts as nothing until it is gone. */
async function growth(tx: Tx, vm: Vm, edit: EditVmInput) {
  const resized = edit.resizeDisks ?? []
  const disks = resized.length > 0 ? await tx.disk.findMany({ where: { vmId: vm.id } }) : []
  const grownBytes = resized.map(({ target, sizeBytes }) => {
    const now = Number(disks.find((disk) => disk.target === target)?.capacityBytes ?? 0)
    if (sizeBytes < now) throw conflict(`The disk ${target} can’t be made smaller: the guest would lose data.`)
    return sizeBytes - now
  })
  const addedBytes = (edit.addDisks ?? []).map((disk) => disk.sizeBytes)
  return {
    vcpus: Math.max(0, (edit.vcpuCount ?? 0) - vm.vcpuCount),
    memoryBytes: BigInt(Math.max(0, (edit.memoryBytes ?? 0) - Number(vm.memoryBytes))),
    diskBytes: BigInt([...grownBytes, ...addedBytes].reduce((sum, bytes) => sum + bytes, 0)),
  }
}
