/**
 * Makes a VM that shares blocks with a recovery point: each of its disks is an empty volume at its host, and what was
 * never written there is read from the recovery point, which this worker serves. So it takes seconds whatever the size,
 * and nothing that the VM writes reaches what it was made of. Its row says what it stands on from the request on, and as
 * long as it does, nobody can remove that.
 */
import { CloneRecoveryPointPlan } from '#server/schema/backup.ts'
import { cloneDefinition } from './clone-definition.ts'
import { defineNewVmWorkflow } from './new-vm-workflow.ts'
import { makeEmpty, planRestored } from './restored-disk.ts'
import type { RestoredVm } from './restored-vm.ts'

export const cloneRecoveryPoint = defineNewVmWorkflow<CloneRecoveryPointPlan, RestoredVm>({
  kind: 'clone-recovery-point',
  input: CloneRecoveryPointPlan,
  vmOf: ({ input, operation }) => ({ ...input, id: operation.targetId }),
  plan: async (context) => {
    // Whether its host can read from here is known before anything is made.
    const host = await context.host(context.input.hostId)
    await context.cloneExports.addressFor(context.input.hostId, host)
    return { disks: await planRestored(context) }
  },
  disks: {
    name: 'make disks',
    make: async (context, host) => {
      await makeEmpty(context, host, context.memory.disks ?? [])
      return {}
    },
    made: ({ disks }) => disks ?? [],
  },
  definition: cloneDefinition,
  start: ({ start }) => start,
  result: ({ unplugged, leftOut }) => ({ unplugged, leftOut }),
})
