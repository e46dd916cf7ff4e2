/**
 * Makes a VM of a recovery point, from its datastore or straight from an archive store: with disks, a UUID and addresses
 * of its own, at any host. The VM that the recovery point was taken of may be gone, run or be elsewhere; nothing is asked
 * of it.
 */
import { macOf } from '#server/hypervisor/libvirt/xml/device.ts'
import { restoredXml } from '#server/hypervisor/libvirt/xml/restored.ts'
import { RestoreNewVmPlan } from '#server/schema/backup.ts'
import type { StepContext } from './define.ts'
import { defineNewVmWorkflow } from './new-vm-workflow.ts'
import { definitionThen, pathsOf, planRestored, type RestoredDisk, writeRestored } from './restored-disk.ts'
import type { Written } from './write-disks.ts'

interface Memory extends Written {
  disks: RestoredDisk[]
  unplugged: number
  /** Devices that only the host of then has */
  leftOut: string[]
}
type Context = StepContext<RestoreNewVmPlan, Memory>

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
  definition,
  start: ({ start }) => start,
  result: ({ writtenBytes, writeMs, unplugged, leftOut }) => ({ writtenBytes, writeMs, unplugged, leftOut }),
})

async function definition(context: Context): Promise<{ xml: string; remember: Partial<Memory> }> {
  const { uuid, name, notes, networks } = context.input
  const { xml, leftOut } = restoredXml(await definitionThen(context), {
    ...{ uuid, name, notes, networks, mac: (index) => macOf(uuid, index) },
    disks: pathsOf(context.memory.disks ?? []),
  })
  return { xml, remember: { leftOut, unplugged: networks.filter((network) => network === null).length } }
}
