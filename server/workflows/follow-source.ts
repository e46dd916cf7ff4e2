/**
 * Moves a copy that follows its source to a newer recovery point: empty disks anew, and a definition that reads what the
 * newer one holds. It stays the same VM, with its name and addresses.
 *
 * | state                         | follow                                        |
 * |-------------------------------|-----------------------------------------------|
 * | off, and never started        | yes                                           |
 * | something is in its disks     | refused, and it does not follow any more      |
 * | anything else                 | refused                                       |
 *
 * Until the definition is the new one, everything of the old is there; afterwards only what nobody reads is left to remove.
 */
import { taggedName } from '#server/core/volume-name.ts'
import { conflict, notFound } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { macOf } from '#server/hypervisor/libvirt/xml/device.ts'
import { type CloneRecoveryPointPlan, FollowSourcePlan } from '#server/schema/backup.ts'
import { cloneDefinition } from './clone-definition.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { removeAllMade, removeMade, volumeAt } from './new-vm.ts'
import { makeEmpty, planRestored, type RestoredDisk } from './restored-disk.ts'
import type { RestoredVm } from './restored-vm.ts'
import { vmRow } from './vm-on-host.ts'

interface Memory extends RestoredVm {
  pool: string
  networks: (string | null)[]
  oldDisks: RestoredDisk[]
}
type Context = StepContext<FollowSourcePlan, Memory>

const mostCards = 32

export const followSource = defineWorkflow<FollowSourcePlan, Memory>({
  kind: 'follow-source',
  input: FollowSourcePlan,
  noReturnAfter: 'define',
  steps: [
    { name: 'look', do: look },
    {
      name: 'make disks',
      do: async (context) => {
        const { host, asNew } = await placed(context)
        await makeEmpty(asNew, host, context.memory.disks ?? [])
        return undefined
      },
      undo: async (context) => {
        const { disks } = context.memory
        if (!disks) return undefined
        return removeAllMade(context, (await placed(context)).host, disks)
      },
    },
    {
      name: 'define',
      do: async (context) => {
        const { host, asNew } = await placed(context)
        const { xml, remember } = await cloneDefinition(asNew, host)
        await host.define(xml)
        return remember
      },
      undo: async (context) => {
        const { host, asNew } = await placed(context)
        const { oldDisks } = context.memory
        if (!oldDisks) return undefined
        const input = { ...asNew.input, recoveryPointId: context.input.fromRecoveryPointId }
        const asBefore = { ...asNew, input, memory: { ...asNew.memory, disks: oldDisks } }
        await host.define((await cloneDefinition(asBefore, host)).xml)
        return 'put its definition back'
      },
    },
    {
      name: 'let go',
      do: async (context) => {
        const { host } = await placed(context)
        const { recoveryPointId: standsOnId } = context.input
        await context.db.vm.updateMany({ where: { id: context.operation.targetId }, data: { standsOnId } })
        for (const { pool, name } of context.memory.oldDisks ?? []) await host.deleteVolume(pool, name)
        return undefined
      },
    },
  ],
})

/** Its host, and what makes it as if it were made of the newer recovery point. */
async function placed(context: Context) {
  const vm = await vmRow(context)
  const host = await context.host(vm.hostId)
  const { recoveryPointId, datastoreId } = context.input
  const { pool = '', networks = [], disks, unplugged, leftOut } = context.memory
  const input: CloneRecoveryPointPlan = {
    ...{ recoveryPointId, datastoreId, uuid: vm.uuid, name: vm.name, notes: vm.notes, hostId: vm.hostId },
    ...{ pool, networks, disks: (disks ?? []).map(({ target }) => target), place: { hostId: vm.hostId } },
    ...{ keepNetworks: true, start: false, follow: true, archiveStoreId: null },
  }
  const memory: Partial<RestoredVm> = {
    ...(disks ? { disks } : {}),
    ...(unplugged === undefined ? {} : { unplugged }),
    ...(leftOut ? { leftOut } : {}),
  }
  return { vm, host, asNew: { ...context, input, memory } }
}

async function look(context: Context): Promise<Memory> {
  const { vm, host, asNew } = await placed(context)
  const facts = await host.readVm(vm.uuid)
  if (!facts) throw conflict(`${vm.name} is not on its host any more.`, 'Reload to see where it is now.')
  if (!vm.follows) throw conflict(`${vm.name} does not follow its source any more.`)
  if (facts.state !== 'off') throw conflict(`${vm.name} is ${facts.state}: it follows its source while it is off.`)
  const oldDisks = await emptyDisks(context, host, facts.disks)
  const [first] = oldDisks
  if (!first) throw conflict(`${vm.name} has no disks.`)
  const { recoveryPointId: id } = context.input
  const repository = await context.repositories.repository(context.input.datastoreId, vm.tenantId)
  const point = await repository.describe(id)
  if (!point) throw notFound('recovery point', id)
  const targets = point.description.disks.map(({ name }) => name)
  const networks = Array.from({ length: mostCards }, (_, index) => {
    const mac = macOf(vm.uuid, index)
    return facts.interfaces.find((card) => card.mac === mac)?.networkName ?? null
  })
  const input = { ...asNew.input, pool: first.pool, disks: targets }
  const disks = await planRestored({ ...asNew, input })
  return { disks, pool: first.pool, networks, oldDisks, unplugged: 0, leftOut: [] }
}

/** @throws conflict when something is in one of them, and the copy does not follow from then on */
async function emptyDisks(
  context: Context,
  host: HypervisorHost,
  disks: readonly { target: string; source: string | null; device: string }[],
): Promise<Memory['oldDisks']> {
  const found: Memory['oldDisks'] = []
  for (const { target, source, device } of disks) {
    const volume = device === 'disk' && source ? await host.findVolume(source) : null
    if (!volume || !source) continue
    if (volume.allocationBytes > (await emptyBytes(context, host, target, volume))) {
      const { db, operation } = context
      await db.vm.updateMany({ where: { id: operation.targetId }, data: { follows: false } })
      throw conflict(`${operation.targetName} was started: it does not follow its source any more.`)
    }
    found.push({ target, pool: volume.pool, name: volume.name, path: source, sizeBytes: volume.capacityBytes })
  }
  return found
}

/** What a volume takes as long as nothing was written in it, found out with one like it. */
async function emptyBytes(
  context: Context,
  host: HypervisorHost,
  target: string,
  { pool, capacityBytes }: { pool: string; capacityBytes: number },
): Promise<number> {
  const vm = await vmRow(context)
  const name = taggedName(`${vm.name}-${target}-empty.qcow2`, context.operation.id)
  const probe = await volumeAt(context, vm.hostId, pool, name)
  await removeMade(context, host, probe)
  try {
    await host.createVolume(pool, { name, format: 'qcow2', capacityBytes })
    return (await host.findVolume(probe.path))?.allocationBytes ?? 0
  } finally {
    await removeMade(context, host, probe)
  }
}
