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
import { macOf } from '#server/hypervisor/libvirt/xml/device.ts'
import { twinXml } from '#server/hypervisor/libvirt/xml/relocate.ts'
import { CloneVmPlan } from '#server/schema/vm-action.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import {
  leaveReservedRow,
  type MadeVolume,
  recordNewVm,
  removeAllMade,
  removeDefinition,
  removeMade,
  removeReservedRow,
  requireStillLeft,
  volumeAt,
} from './new-vm.ts'
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

export const cloneVm = defineWorkflow<CloneVmPlan, Memory>({
  kind: 'clone-vm',
  input: CloneVmPlan,
  stillLeft: (context) => requireStillLeft(context, twinOf(context)),
  steps: [
    {
      name: 'reserve',
      do: planCopies,
      undo: (context) => removeReservedRow(context, twinOf(context)),
      leave: (context) => leaveReservedRow(context, twinOf(context)),
    },
    {
      name: 'copy disks',
      do: async (context) => {
        const host = await context.host(context.input.hostId)
        const copies = context.memory.copies ?? []
        for (const [index, { from, to, format, target }] of copies.entries()) {
          context.progress({ phase: `copying ${target}`, done: index, total: copies.length, unit: 'items' })
          await removeMade(context, host, to)
          await requireOff(context)
          await host.copyVolume(from, { pool: to.pool, name: to.name, format }, { signal: context.signal })
        }
        return undefined
      },
      undo: async (context) => {
        const made = (context.memory.copies ?? []).map((copy) => copy.to)
        if (made.length === 0) return undefined
        return removeAllMade(context, await context.host(context.input.hostId), made)
      },
    },
    {
      name: 'define',
      do: async (context) => {
        const { input, memory } = context
        const host = await context.host(input.hostId)
        const definition = await host.readXml(memory.original ?? '', { secure: true, inactive: true })
        const disks = Object.fromEntries((memory.copies ?? []).map((copy) => [copy.target, copy.to.path]))
        const { uuid, name, notes } = input
        await host.define(twinXml(definition, { uuid, name, notes, disks, mac: (index) => macOf(uuid, index) }))
        return undefined
      },
      undo: (context) => removeDefinition(context, twinOf(context)),
    },
    {
      name: 'record',
      do: async (context) => {
        await recordNewVm(context, await context.host(context.input.hostId), twinOf(context))
        return undefined
      },
    },
  ],
})

const twinOf = ({ input }: Context) => ({ ...input, id: input.twinId })

async function requireOff(context: Context) {
  const original = await vmRow(context, context.input.sourceVmId)
  const host = await context.host(context.input.hostId)
  const facts = await requireVm(host, original.uuid, original.name, context.signal)
  const ruling = vmRule({ state: facts.state }, 'clone')
  if (ruling !== true) throw conflict(`${original.name} can’t be cloned now. ${ruling}`)
  return { original, host, facts }
}

async function planCopies(context: Context): Promise<Memory> {
  const { input, operation } = context
  const { original, host, facts } = await requireOff(context)
  if (original.hostId !== input.hostId) throw conflict(`${original.name} has moved to another host.`, 'Clone it again.')
  const namesake = (await host.listVms()).find((vm) => vm.name === input.name && vm.uuid !== input.uuid)
  if (namesake) throw conflict(`There is a VM named ${input.name} on the host already.`, 'Choose another name.')
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
