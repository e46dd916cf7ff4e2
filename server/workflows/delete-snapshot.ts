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
import { knowingFiles, recordNow } from './snapshot-step.ts'
import { vmOnHost } from './vm-on-host.ts'

interface Memory {
  deleted: string[]
  wasOff: boolean
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
        const wasOff = facts.state === 'off'
        if (!first) return { deleted: [], wasOff }
        const doomed = demandDeletable({ name: vm.name, state: facts.state }, first, facts.snapshots, withChildren)
        return { deleted: doomed.map((each) => each.name), wasOff }
      },
    },
    {
      name: 'delete',
      do: async (context) => {
        const { vm, host } = await vmOnHost(context)
        const { deleted = [], wasOff = false } = context.memory
        const doomed = (await host.listSnapshots(vm.uuid)).filter(({ name }) => deleted.includes(name))
        await knowingFiles(host, vm.uuid, wasOff, doomed, async () => {
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
