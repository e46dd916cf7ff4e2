/**
 * Deletes a snapshot of a VM; the VM itself stays as it is, and so do the snapshots taken after it unless they are to go
 * too. What lies in files of its own is merged while the VM runs on. It can't be undone, only run again: absent is fine.
 *
 * | state                        | delete a snapshot |
 * |------------------------------|-------------------|
 * | running, suspended, off      | yes               |
 * | anything else                | refused           |
 */

import { deleteRule } from '#server/core/snapshot.ts'
import { conflict } from '#server/errors.ts'
import { DeleteSnapshotInput } from '#server/schema/snapshot.ts'
import { defineWorkflow } from './define.ts'
import { recordNow } from './snapshot-step.ts'
import { vmOnHost } from './vm-on-host.ts'

interface Memory {
  deleted: string[]
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
        const ruling = deleteRule({ state: facts.state })
        if (ruling !== true) throw conflict(`Snapshots of ${vm.name} can’t be deleted now. ${ruling}`)
        const doomed = facts.snapshots.filter((each) => each.name === name)
        // Parents stand before their children, so one pass finds all that come after it.
        for (const each of withChildren ? facts.snapshots : []) {
          if (doomed.some((parent) => parent.name === each.parent)) doomed.push(each)
        }
        return { deleted: doomed.map((each) => each.name) }
      },
    },
    {
      name: 'delete',
      do: async (context) => {
        const { vm, host } = await vmOnHost(context)
        context.progress({ phase: `deleting ${context.input.name}` })
        await host.deleteSnapshot(vm.uuid, context.input.name, { withChildren: context.input.withChildren })
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
