/**
 * Makes a twin of a VM on the same host: whole copies of its disks, a UUID and addresses of its own. Discs are shared,
 * since they are read only.
 *
 * | state of the original | clone                                                                       |
 * |-----------------------|-----------------------------------------------------------------------------|
 * | off                   | yes                                                                         |
 * | anything else         | refused: its disks change, and the host locks what a guest has open         |
 *
 * The operation is the original's and locks it. Undo removes the twin's definition, disks and row; the original is never
 * touched.
 */
import { taggedName } from '#server/core/volume-name.ts'
import { macOf } from '#server/hypervisor/libvirt/xml/device.ts'
import { twinXml } from '#server/hypervisor/libvirt/xml/relocate.ts'
import { CloneVmPlan } from '#server/schema/vm-action.ts'
import { copyableVolume, copyWhole, requireOff, type WholeCopy } from './copyable-volume.ts'
import type { StepContext } from './define.ts'
import { volumeAt } from './new-vm.ts'
import { defineNewVmWorkflow } from './new-vm-workflow.ts'

interface Memory {
  original: string
  copies: WholeCopy[]
}
type Context = StepContext<CloneVmPlan, Memory>

export const cloneVm = defineNewVmWorkflow<CloneVmPlan, Memory>({
  kind: 'clone-vm',
  input: CloneVmPlan,
  vmOf: ({ input }) => ({ ...input, id: input.twinId }),
  plan: planCopies,
  disks: {
    name: 'copy disks',
    make: copyDisks,
    made: ({ copies }) => (copies ?? []).map(({ to }) => to),
  },
  definition: async ({ input, memory }, host) => {
    const original = await host.readXml(memory.original ?? '', { secure: true, inactive: true })
    const disks = Object.fromEntries((memory.copies ?? []).map((copy) => [copy.target, copy.to.path]))
    const { uuid, name, notes } = input
    return { xml: twinXml(original, { uuid, name, notes, disks, mac: (index) => macOf(uuid, index) }) }
  },
})

async function copyDisks(context: Context): Promise<undefined> {
  await copyWhole(context, 'clone', context.memory.copies ?? [])
}

async function planCopies(context: Context): Promise<Memory> {
  const { input, operation } = context
  const { vm: original, host, facts } = await requireOff(context, 'clone')
  const copies: WholeCopy[] = []
  for (const disk of facts.disks) {
    if (disk.device !== 'disk' || disk.readOnly || disk.shareable || !disk.source) continue
    const { pool, name, format } = await copyableVolume(host, original.name, disk)
    const extension = format === 'raw' ? 'img' : 'qcow2'
    const copyName = taggedName(`${input.name}-${disk.target}.${extension}`, operation.id)
    const to = await volumeAt(context, input.hostId, pool, copyName)
    copies.push({ target: disk.target, from: { pool, name }, format, readAs: format, to })
  }
  return { original: original.uuid, copies }
}
