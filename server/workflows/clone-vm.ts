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

import { vmRule } from '#server/core/vm-rule.ts'
import { taggedName } from '#server/core/volume-name.ts'
import { conflict, unsupported } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { macOf } from '#server/hypervisor/libvirt/xml/device.ts'
import { twinXml } from '#server/hypervisor/libvirt/xml/relocate.ts'
import { CloneVmPlan } from '#server/schema/vm-action.ts'
import type { StepContext } from './define.ts'
import { type MadeVolume, removeMade, volumeAt } from './new-vm.ts'
import { defineNewVmWorkflow } from './new-vm-workflow.ts'
import { requireVm, vmRow } from './vm-on-host.ts'

interface Copy {
  target: string
  from: { pool: string; name: string }
  format: 'qcow2' | 'raw'
  to: MadeVolume
}
interface Memory {
  original: string
  copies: Copy[]
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

async function copyDisks(context: Context, host: HypervisorHost): Promise<undefined> {
  const copies = context.memory.copies ?? []
  for (const [index, { from, to, format, target }] of copies.entries()) {
    context.progress({ phase: `copying ${target}`, done: index, total: copies.length, unit: 'items' })
    await removeMade(context, host, to)
    await requireOff(context, host)
    await host.copyVolume(from, { pool: to.pool, name: to.name, format }, { signal: context.signal })
  }
}

async function requireOff(context: Context, host: HypervisorHost) {
  const original = await vmRow(context, context.input.sourceVmId)
  const facts = await requireVm(host, original.uuid, original.name, context.signal)
  const ruling = vmRule({ state: facts.state, standsOnId: original.standsOnId }, 'clone')
  if (ruling !== true) throw conflict(`${original.name} can’t be cloned now. ${ruling}`)
  return { original, facts }
}

async function planCopies(context: Context, host: HypervisorHost): Promise<Memory> {
  const { input, operation } = context
  const { original, facts } = await requireOff(context, host)
  if (original.hostId !== input.hostId) throw conflict(`${original.name} has moved to another host.`, 'Clone it again.')
  const copies: Copy[] = []
  for (const disk of facts.disks) {
    if (disk.device !== 'disk' || disk.readOnly || disk.shareable || !disk.source) continue
    const volume = await host.findVolume(disk.source)
    if (!volume || (volume.format !== 'qcow2' && volume.format !== 'raw')) {
      throw unsupported(`The disk ${disk.target} can’t be copied: it is no qcow2 or raw volume of a pool.`)
    }
    const extension = volume.format === 'raw' ? 'img' : 'qcow2'
    const name = taggedName(`${input.name}-${disk.target}.${extension}`, operation.id)
    const to = await volumeAt(context, input.hostId, volume.pool, name)
    copies.push({ target: disk.target, from: { pool: volume.pool, name: volume.name }, format: volume.format, to })
  }
  return { original: original.uuid, copies }
}
