/**
 * Takes a host out of the fleet. Nothing is done on the host itself.
 *
 * | the host              | remove                                             |
 * |-----------------------|----------------------------------------------------|
 * | has no VMs            | yes                                                |
 * | has VMs               | refused: move or delete them first                 |
 * | can't be reached      | yes, with the rows of VMs that were last seen on it|
 */
import { conflict } from '#server/errors.ts'
import { RemoveHostInput } from '#server/schema/host-action.ts'
import { liveStates } from '#server/schema/operation.ts'
import { defineWorkflow } from './define.ts'

export const removeHost = defineWorkflow<Record<string, never>, object>({
  kind: 'remove-host',
  input: RemoveHostInput,
  steps: [
    {
      name: 'remove',
      do: async ({ db, operation }) => {
        const id = operation.targetId
        await db.$transaction(async (tx) => {
          const host = await tx.host.findUnique({ where: { id }, select: { name: true, state: true } })
          if (!host) return
          const vms = await tx.vm.count({ where: { hostId: id } })
          if (vms > 0 && host.state !== 'unreachable') {
            throw conflict(
              `${host.name} has ${vms} ${vms === 1 ? 'VM' : 'VMs'}.`,
              'Drain it, or delete its VMs, then remove it.',
            )
          }
          const busy = await tx.operation.findFirst({
            where: {
              id: { not: operation.id },
              state: { in: [...liveStates] },
              OR: [{ hostId: id }, { destinationHostId: id }],
            },
          })
          if (busy)
            throw conflict(`${busy.targetName} has an operation running on ${host.name}.`, 'Wait until it has ended.')
          await tx.vm.deleteMany({ where: { hostId: id } })
          await tx.host.delete({ where: { id } })
        })
        return undefined
      },
    },
  ],
})
