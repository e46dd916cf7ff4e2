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
import { taggedName } from '#server/core/volume-name.ts'
import { conflict } from '#server/errors.ts'
import { firstDiskOf, MakeTemplatePlan } from '#server/schema/template.ts'
import { copyableVolume, copyWhole, requireOff } from './copyable-volume.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { type MadeVolume, removeAllMade, volumeAt } from './new-vm.ts'

interface Memory {
  from: { pool: string; name: string }
  readAs: 'qcow2' | 'raw'
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
        if (!image) return undefined
        return removeAllMade(context, await context.host(context.input.hostId), [image])
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

async function planCopy(context: Context): Promise<Memory> {
  const { input, operation } = context
  const { vm, host, facts } = await requireOff(context, 'make-template')
  const disk = firstDiskOf(facts.disks)
  if (!disk) throw conflict(`${vm.name} has no disk of its own any more.`, 'Choose another VM.')
  const { pool, name, format, capacityBytes } = await copyableVolume(host, vm.name, disk)
  if (input.minDiskBytes < capacityBytes) {
    throw conflict(`The first disk of ${vm.name} has grown meanwhile.`, 'Ask for it again.')
  }
  const imageName = taggedName(imageNameOf(input.name), operation.id)
  return {
    from: { pool, name },
    readAs: format,
    image: await volumeAt(context, input.hostId, input.poolName, imageName),
  }
}

async function copyDisk(context: Context): Promise<undefined> {
  const { from, readAs, image } = context.memory
  if (!from || !image) throw new Error('the plan comes first')
  await copyWhole(context, 'make-template', [{ target: 'its first disk', from, readAs, to: image, format: 'qcow2' }])
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
