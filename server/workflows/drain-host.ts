/**
 * Empties a host: it takes no new VMs from now on, and each of its VMs moves to where the plan puts it, at most as many
 * at once as the fleet's limit of migrations a host.
 *
 * | a VM that is         | drain                                                       |
 * |----------------------|-------------------------------------------------------------|
 * | running or paused    | moves live                                                  |
 * | running, with snapshots inside disks that are copied | stands still while it moves, if that was agreed to |
 * | off                  | moves with its disks                                        |
 * | without a destination| stays, and the result says why                              |
 *
 * Cancel stops the moves that have not ended, leaves the moved VMs where they are, and opens the host again.
 */
import { planDrain } from '#server/core/drain-plan.ts'
import { DrainInput } from '#server/schema/host-action.ts'
import { awaitChildren, enqueueChild, type ItemResult } from './child-operation.ts'
import { defineWorkflow } from './define.ts'

interface Memory {
  wasDraining: boolean
  items: ItemResult[]
}

export const drainHost = defineWorkflow<DrainInput, Memory>({
  kind: 'drain-host',
  input: DrainInput,
  result: ({ items }) => ({
    moved: items?.filter((item) => item.state === 'succeeded').length ?? 0,
    stayed: items?.filter((item) => item.state !== 'succeeded') ?? [],
    items,
  }),
  steps: [
    {
      name: 'look',
      do: async ({ db, operation }) => {
        const host = await db.host.findUniqueOrThrow({ where: { id: operation.targetId }, select: { draining: true } })
        return { wasDraining: host.draining }
      },
    },
    {
      name: 'close',
      do: async ({ db, operation }) => {
        await db.host.update({ where: { id: operation.targetId }, data: { draining: true } })
        return undefined
      },
      undo: async ({ db, operation, memory }) => {
        if (memory.wasDraining !== false) return undefined
        await db.host.update({ where: { id: operation.targetId }, data: { draining: false } })
        return 'opened the host to VMs again'
      },
    },
    {
      name: 'move',
      do: async (context) => {
        const { db, operation, input } = context
        const stayed: ItemResult[] = []
        for (const item of await planDrain(db, operation.targetId, (id) => input.standStill.includes(id))) {
          const vm = await db.vm.findUniqueOrThrow({ where: { id: item.vmId } })
          const stays = (reason: string) => stayed.push({ id: vm.id, name: vm.name, state: 'failed', reason })
          if (!item.to) {
            stays(item.reasons.join(' ') || 'There is no other host.')
            continue
          }
          const isOn = vm.state !== 'off'
          const reason = await enqueueChild(context, {
            kind: 'migrate-vm',
            target: { kind: 'vm', id: vm.id, name: vm.name },
            tenantId: vm.tenantId,
            hostId: vm.hostId,
            destinationHostId: item.to.hostId,
            input: {
              ...{ destinationHostId: item.to.hostId, onSlow: input.onSlow },
              mayStandStill: input.standStill.includes(vm.id),
            },
            reserved: { vcpus: vm.vcpuCount, memoryBytes: isOn ? vm.memoryBytes : 0, diskBytes: item.to.copiedBytes },
          })
          if (reason) stays(reason)
        }
        return { items: [...(await awaitChildren(context)), ...stayed] }
      },
    },
  ],
})
