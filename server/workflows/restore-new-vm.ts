/**
 * Makes a VM of a recovery point, from its datastore or straight from an archive store: with disks, a UUID and addresses
 * of its own, at any host. The VM that the recovery point was taken of may be gone, run or be elsewhere; nothing is asked
 * of it.
 */
import { RestoreNewVmPlan } from '#server/schema/backup.ts'
import { defineNewVmWorkflow } from './new-vm-workflow.ts'
import { planRestored, writeRestored } from './restored-disk.ts'
import { type RestoredVm, restoredDefinition } from './restored-vm.ts'
import type { Written } from './write-disks.ts'

interface Memory extends RestoredVm, Written {}

export const restoreNewVm = defineNewVmWorkflow<RestoreNewVmPlan, Memory>({
  kind: 'restore-new-vm',
  input: RestoreNewVmPlan,
  vmOf: ({ input, operation }) => ({ ...input, id: operation.targetId }),
  plan: async (context) => ({ disks: await planRestored(context) }),
  disks: {
    name: 'write disks',
    make: (context, host) => writeRestored(context, host, context.memory.disks ?? []),
    made: ({ disks }) => disks ?? [],
    letGo: ({ operation }, host) => host.closeDisks(operation.id),
  },
  definition: (context) => restoredDefinition(context),
  start: ({ start }) => start,
  result: ({ writtenBytes, writeMs, unplugged, leftOut }) => ({ writtenBytes, writeMs, unplugged, leftOut }),
})
