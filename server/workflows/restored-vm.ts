import type { DiskBacking } from '#server/hypervisor/backing.ts'
import { macOf } from '#server/hypervisor/libvirt/xml/device.ts'
import { restoredXml } from '#server/hypervisor/libvirt/xml/restored.ts'
import type { RestoreNewVmPlan } from '#server/schema/backup.ts'
import type { StepContext } from './define.ts'
import { definitionThen, pathsOf, type RestoredDisk } from './restored-disk.ts'

/** What is remembered of a VM that is made of a recovery point. */
export interface RestoredVm {
  disks: RestoredDisk[]
  unplugged: number
  /** Devices that only the host of then has */
  leftOut: string[]
}

/** @param backing what a disk reads that was never written in it */
export async function restoredDefinition(
  context: StepContext<RestoreNewVmPlan, RestoredVm>,
  backing: (target: string) => DiskBacking | undefined = () => undefined,
): Promise<{ xml: string; remember: Pick<RestoredVm, 'unplugged' | 'leftOut'> }> {
  const { uuid, name, notes, networks } = context.input
  const { xml, leftOut } = restoredXml(await definitionThen(context), {
    ...{ uuid, name, notes, networks, mac: (index) => macOf(uuid, index), backing },
    disks: pathsOf(context.memory.disks ?? []),
  })
  return { xml, remember: { leftOut, unplugged: networks.filter((network) => network === null).length } }
}
