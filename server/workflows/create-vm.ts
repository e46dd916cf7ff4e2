/**
 * Makes a VM: its disks (the first a whole copy of the template, so that it depends on nothing), a cloud-init disc, the
 * definition, and starts it if that was asked.
 */
import { seedDisc } from '#server/core/seed-disc.ts'
import { taggedName } from '#server/core/volume-name.ts'
import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { macOf } from '#server/hypervisor/libvirt/xml/device.ts'
import { buildVmXml } from '#server/hypervisor/libvirt/xml/domain.ts'
import { CreateVmPlan } from '#server/schema/vm-action.ts'
import type { StepContext } from './define.ts'
import { type MadeVolume, removeMade, volumeAt } from './new-vm.ts'
import { defineNewVmWorkflow } from './new-vm-workflow.ts'

interface Memory {
  disks: MadeVolume[]
  seed: MadeVolume | null
}
type Context = StepContext<CreateVmPlan, Memory>

export const createVm = defineNewVmWorkflow<CreateVmPlan, Memory>({
  kind: 'create-vm',
  input: CreateVmPlan,
  vmOf: ({ input, operation }) => ({ ...input, id: operation.targetId }),
  plan: volumesOf,
  disks: {
    name: 'make disks',
    make: async (context, host) => {
      await makeDisks(context, host)
      await makeSeed(context, host)
      return undefined
    },
    made: ({ disks, seed }) => [...(disks ?? []), ...(seed ? [seed] : [])],
  },
  definition: async (context) => ({ xml: await definitionOf(context) }),
  start: ({ start }) => start,
})

const target = (index: number) => `vd${String.fromCharCode('a'.charCodeAt(0) + index)}`

async function volumesOf(context: Context): Promise<Memory> {
  const { input, operation } = context
  const at = (name: string) => volumeAt(context, input.hostId, input.pool, taggedName(name, operation.id))
  const disks = await Promise.all(input.disks.map((_, index) => at(`${input.name}-${target(index)}.qcow2`)))
  return { disks, seed: input.userData === null ? null : await at(`${input.name}-seed.iso`) }
}

async function makeDisks(context: Context, host: HypervisorHost): Promise<void> {
  const { disks, template } = context.input
  for (const [index, { sizeBytes }] of disks.entries()) {
    const volume = context.memory.disks?.[index]
    if (!volume) throw new Error('the reservation comes first')
    context.progress({ phase: `making the disk ${target(index)}`, done: index, total: disks.length, unit: 'items' })
    await removeMade(context, host, volume)
    const { pool, name } = volume
    if (index > 0 || !template) {
      await host.createVolume(pool, { name, format: 'qcow2', capacityBytes: sizeBytes }, { signal: context.signal })
      continue
    }
    const from = { pool: template.pool, name: template.volume }
    await host.copyVolume(from, { pool, name, format: 'qcow2' }, { signal: context.signal })
    const made = await host.findVolume(volume.path)
    if (made && made.capacityBytes > sizeBytes) {
      throw conflict(`The template is larger (${made.capacityBytes} bytes) than the disk asked for.`, 'Ask for more.')
    }
    if (made && made.capacityBytes < sizeBytes) await host.resizeVolume(pool, name, sizeBytes)
  }
}

async function makeSeed(context: Context, host: HypervisorHost): Promise<void> {
  const { seed } = context.memory
  const { userData, name, uuid } = context.input
  if (!seed || userData === null) return
  const disc = seedDisc({ 'meta-data': `instance-id: ${uuid}\nlocal-hostname: ${name}\n`, 'user-data': userData })
  await removeMade(context, host, seed)
  await host.createVolume(seed.pool, { name: seed.name, format: 'raw', capacityBytes: disc.length })
  await host.uploadVolume(seed.pool, seed.name, pieces(disc), disc.length, { signal: context.signal })
}

async function* pieces(disc: Uint8Array): AsyncIterable<Uint8Array> {
  yield disc
}

async function definitionOf(context: Context): Promise<string> {
  const { input, memory, db } = context
  const row = await db.host.findUniqueOrThrow({ where: { id: input.hostId } })
  return buildVmXml({
    uuid: input.uuid,
    name: input.name,
    notes: input.notes,
    vcpuCount: input.vcpuCount,
    memoryBytes: input.memoryBytes,
    accelerator: row.accelerator === 'kvm' ? 'kvm' : 'emulation',
    host: { architecture: row.architecture ?? 'x86_64', machineTypes: row.machineTypes },
    disks: (memory.disks ?? []).map(({ path }, index) => ({
      target: target(index),
      bus: 'virtio',
      device: 'disk',
      path,
      format: 'qcow2',
    })),
    interfaces: input.networks.map((network, index) => ({ mac: macOf(input.uuid, index), source: { network } })),
    ...(memory.seed ? { seedPath: memory.seed.path } : {}),
  })
}
