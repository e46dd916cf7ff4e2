import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { RestoreNewVmPlan } from '#server/schema/backup.ts'
import type { StepContext } from './define.ts'
import { type RestoredVm, restoredDefinition } from './restored-vm.ts'

/** What a clone is defined by: its disks read what they share from the worker. */
export async function cloneDefinition(context: StepContext<RestoreNewVmPlan, RestoredVm>, host: HypervisorHost) {
  const { input, operation, cloneExports } = context
  const address = await cloneExports.addressFor(input.hostId, host)
  const { recoveryPointId, uuid: vmUuid } = input
  const { tenantId } = operation
  return restoredDefinition(context, (target) => ({
    address,
    exportName: cloneExports.exportName({ tenantId, vmUuid, target, recoveryPointId }),
  }))
}
