/**
 * Makes a template of a VM that is off: a whole copy of its first disk in a volume of its own, so that the VM may go on
 * and change, and the template's row.
 *
 * | state of the VM | template                                                                       |
 * |-----------------|--------------------------------------------------------------------------------|
 * | off             | yes                                                                            |
 * | anything else   | refused: the disk changes while it is copied                                   |
 *
 * The operation is the VM's and locks it. Undo removes the row and the copy; the VM is never touched.
 */
import { imageNameOf } from '#server/core/template.ts'
import { vmRule } from '#server/core/vm-rule.ts'
import { taggedName } from '#server/core/volume-name.ts'
import { conflict, unsupported } from '#server/errors.ts'
import { MakeTemplatePlan } from '#server/schema/template.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { type MadeVolume, removeAllMade, removeMade, volumeAt } from './new-vm.ts'
import { vmOnHost } from './vm-on-host.ts'

interface Memory {
  from: { pool: string; name: string }
  image: MadeVolume
}
type Context = StepContext<MakeTemplatePlan, Memory>

export const makeTemplate = defineWorkflow<MakeTemplatePlan, Memory>({
  kind: 'make-template',
  input: MakeTemplatePlan,
  steps: [
    { name: 'plan', do: planCopy },
    {
      name: 'copy the disk',
      do: copyDisk,
      undo: async (context) => {
        const { image } = context.memory
        return image && removeAllMade(context, await context.host(context.input.hostId), [image])
      },
    },
    {
      name: 'add the template',
      do: addTemplate,
      undo: async ({ db, input, memory }) => {
        const { count } = await db.template.deleteMany({ where: { id: input.templateId } })
        const { hostId, poolName } = input
        const name = memory.image?.name ?? ''
        await db.volume.deleteMany({ where: { name, storagePool: { hostId, name: poolName } } })
        return count > 0 ? 'removed the template' : undefined
      },
    },
  ],
})

async function requireOff(context: Context) {
  const { vm, host, facts } = await vmOnHost(context)
  const ruling = vmRule({ state: facts.state, standsOnId: vm.standsOnId }, 'make-template')
  if (ruling !== true) throw conflict(`No template can be made of ${vm.name} now. ${ruling}`)
  if (vm.hostId !== context.input.hostId) throw conflict(`${vm.name} has moved to another host.`, 'Ask for it again.')
  return { vm, host, facts }
}

async function planCopy(context: Context): Promise<Memory> {
  const { input, operation } = context
  const { vm, host, facts } = await requireOff(context)
  const disk = facts.disks.find(({ device, readOnly, source }) => device === 'disk' && !readOnly && source)
  const volume = disk?.source ? await host.findVolume(disk.source) : null
  if (!volume || (volume.format !== 'qcow2' && volume.format !== 'raw')) {
    throw unsupported(`The first disk of ${vm.name} can’t be copied: it is no qcow2 or raw volume of a pool.`)
  }
  if (input.minDiskBytes < volume.capacityBytes) {
    throw conflict(`The first disk of ${vm.name} has grown meanwhile.`, 'Ask for it again.')
  }
  const name = taggedName(imageNameOf(input.name), operation.id)
  return {
    from: { pool: volume.pool, name: volume.name },
    image: await volumeAt(context, input.hostId, input.poolName, name),
  }
}

async function copyDisk(context: Context): Promise<undefined> {
  const { from, image } = context.memory
  if (!from || !image) throw new Error('the plan comes first')
  const { host } = await requireOff(context)
  await removeMade(context, host, image)
  await host.copyVolume(from, { pool: image.pool, name: image.name, format: 'qcow2' }, { signal: context.signal })
}

async function addTemplate(context: Context): Promise<undefined> {
  const { input, memory, db } = context
  const { image } = memory
  if (!image) throw new Error('the plan comes first')
  const host = await context.host(input.hostId)
  const volume = await host.findVolume(image.path)
  if (!volume) throw conflict('The copy is not on the host any more.', 'Look at the host’s storage.')
  const { templateId, hostId, poolName, minMemoryBytes, minDiskBytes, ...fields } = input
  await db.$transaction(async (tx) => {
    const pool = await tx.storagePool.findUniqueOrThrow({ where: { hostId_name: { hostId, name: poolName } } })
    const sizes = { capacityBytes: BigInt(volume.capacityBytes), allocationBytes: BigInt(volume.allocationBytes) }
    const facts = { path: image.path, format: volume.format, ...sizes }
    // VMs can be made of it at once, not only when the host's storage has been read again.
    await tx.volume.upsert({
      where: { storagePoolId_name: { storagePoolId: pool.id, name: image.name } },
      create: { storagePoolId: pool.id, name: image.name, ...facts },
      update: facts,
    })
    const data = { ...fields, poolName, volumeName: image.name }
    await tx.template.createMany({
      skipDuplicates: true,
      data: [{ id: templateId, ...data, minMemoryBytes: BigInt(minMemoryBytes), minDiskBytes: BigInt(minDiskBytes) }],
    })
    const made = await tx.template.findUnique({ where: { id: templateId }, select: { id: true } })
    if (!made) throw conflict(`There is a template named ${input.name} already.`, 'Choose another name.')
  })
}
