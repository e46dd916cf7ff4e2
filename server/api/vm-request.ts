import type { Vm } from '#prisma/generated/client.ts'
import { previewMigration } from '#server/core/migration-candidate.ts'
import type { NewOperation } from '#server/core/operation.ts'
import { type VmAction, vmRule } from '#server/core/vm-rule.ts'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import type { EditVmInput, MigrateInput } from '#server/schema/vm-action.ts'

/** An operation on a VM of this host, in the VM's tenant. */
export const operationOn = (
  vm: Vm,
  operation: Pick<NewOperation, 'kind' | 'input'> & Partial<NewOperation>,
): NewOperation => ({
  target: { kind: 'vm', id: vm.id, name: vm.name },
  tenantId: vm.tenantId,
  hostId: vm.hostId,
  ...operation,
})

/** @throws conflict with the reason why its state does not allow it */
export function demandState(vm: Vm, action: VmAction): void {
  const ruling = vmRule(vm, action)
  if (ruling !== true) throw conflict(`${vm.name} can’t do that now (${action}). ${ruling}`)
}

/** A migration that was judged possible a moment ago. @throws conflict with the reasons why not */
export async function migrationOf(tx: Tx, vm: Vm, input: MigrateInput): Promise<{ wanted: NewOperation; to: string }> {
  const [verdict] = (await previewMigration(tx, vm.id, input.destinationHostId)).candidates
  if (!verdict?.eligible) {
    throw conflict(`${vm.name} can’t move there: ${verdict?.reasons.join(' ') ?? 'there is no such host.'}`)
  }
  const memoryBytes = vm.state === 'off' ? 0n : vm.memoryBytes
  const wanted = operationOn(vm, {
    kind: 'migrate-vm',
    input,
    destinationHostId: input.destinationHostId,
    reserved: { vcpus: vm.vcpuCount, memoryBytes, diskBytes: verdict.copiedBytes },
  })
  return { wanted, to: verdict.name }
}

/** What an edit adds to the VM's size; what it takes away counts as nothing until it is gone. */
export async function growth(tx: Tx, vm: Vm, edit: EditVmInput) {
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
