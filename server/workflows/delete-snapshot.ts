/**
 * Deletes a snapshot of a VM; the VM itself stays as it is, and so do the snapshots taken after it unless they are to go
 * too. What lies in files of its own is merged while the VM runs on. It can't be undone, only run again: absent is fine.
 *
 * | state                        | delete a snapshot |
 * |------------------------------|-------------------|
 * | running, suspended, off      | yes               |
 * | anything else                | refused           |
 */

import { demandDeletable } from '#server/core/snapshot.ts'
import { DeleteSnapshotInput } from '#server/schema/snapshot.ts'
import { defineWorkflow } from './define.ts'
import { mustStand, recordNow, standingPaused } from './snapshot-step.ts'
import { vmOnHost } from './vm-on-host.ts'

interface Memory {
  deleted: string[]
  stands: boolean
}

export const deleteSnapshot = defineWorkflow<DeleteSnapshotInput, Memory>({
  kind: 'delete-snapshot',
  input: DeleteSnapshotInput,
  noReturnAfter: 'check',
  result: ({ deleted }) => ({ deleted: deleted ?? [] }),
  steps: [
    {
      name: 'check',
      do: async (context) => {
        const { vm, facts } = await vmOnHost(context)
        const { name, withChildren } = context.input
        const first = facts.snapshots.find((each) => each.name === name)
        if (!first) return { deleted: [] }
        const doomed = demandDeletable({ name: vm.name, state: facts.state }, first, facts.snapshots, withChildren)
        return { deleted: doomed.map((each) => each.name), stands: mustStand(facts, doomed) }
      },
    },
    {
      name: 'delete',
      do: async (context) => {
        const { vm, host } = await vmOnHost(context)
        const { deleted = [], stands = false } = context.memory
        await standingPaused(host, vm.uuid, stands, async () => {
          // libvirt deletes files beside the disks for one snapshot at a time: the last taken goes first.
          for (const [index, name] of deleted.toReversed().entries()) {
            context.progress({ phase: `deleting ${name}`, done: index, total: deleted.length, unit: 'items' })
            await host.deleteSnapshot(vm.uuid, name)
          }
        })
        return undefined
      },
    },
    {
      name: 'record',
      do: async (context) => {
        await recordNow(context)
        return undefined
      },
    },
  ],
})
