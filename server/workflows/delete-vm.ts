/**
 * Deletes a VM that is off: its definition with snapshot and checkpoint metadata, then its disks, then its row.
 *
 * | state                  | delete                                             |
 * |------------------------|----------------------------------------------------|
 * | off                    | yes                                                |
 * | off and protected      | refused until the protection is switched off       |
 * | anything else          | refused: stop it first                             |
 * | gone from its host     | what is left of it goes: disks, then the row       |
 *
 * Disks are found by their path. What another VM uses, shared disks, templates and read-only images stay. Nothing of it
 * can be undone, so it looks at everything first and can be cancelled only until it begins.
 */

import { vmRule } from '#server/core/vm-rule.ts'
import { isTagged } from '#server/core/volume-name.ts'
import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { DiskFacts } from '#server/hypervisor/facts.ts'
import { DeleteVmInput } from '#server/schema/vm-action.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { vmRow } from './vm-on-host.ts'

interface Doomed {
  pool: string
  name: string
  path: string
}
interface Memory {
  uuid: string
  hostId: string
  volumes: Doomed[]
  kept: string[]
}
type Context = StepContext<DeleteVmInput, Memory>

export const deleteVm = defineWorkflow<DeleteVmInput, Memory>({
  kind: 'delete-vm',
  input: DeleteVmInput,
  noReturnAfter: 'check',
  result: ({ volumes, kept }) => ({ deleted: volumes?.map((volume) => volume.path), kept }),
  steps: [
    { name: 'check', do: look },
    {
      name: 'remove definition',
      do: async (context) => {
        const host = await hostOf(context)
        const now = await host.readVm(context.memory.uuid ?? '')
        if (now && now.state !== 'off') throw conflict(`${now.name} was started meanwhile.`, 'Stop it, then try again.')
        if (now) await host.undefine(now.uuid)
        return undefined
      },
    },
    {
      name: 'delete disks',
      do: async (context) => {
        const host = await hostOf(context)
        const volumes = context.memory.volumes ?? []
        for (const [done, volume] of volumes.entries()) {
          context.progress({ phase: `deleting ${volume.name}`, done, total: volumes.length, unit: 'items' })
          await host.deleteVolume(volume.pool, volume.name)
        }
        return undefined
      },
    },
    {
      name: 'forget',
      do: async (context) => {
        await context.db.vm.deleteMany({ where: { id: context.operation.targetId } })
        return undefined
      },
    },
  ],
})

const hostOf = (context: Context) => context.host(context.memory.hostId ?? '')

async function look(context: Context): Promise<Memory> {
  const vm = await vmRow(context)
  const host = await context.host(vm.hostId)
  const facts = await host.readVm(vm.uuid)
  const ruling = vmRule(
    { state: facts?.state ?? 'off', protected: vm.protected, persistent: facts?.persistent },
    'delete',
  )
  if (ruling !== true) throw conflict(`${vm.name} can’t be deleted. ${ruling}`)
  const disks: Pick<DiskFacts, 'source' | 'device' | 'readOnly' | 'shareable'>[] = facts?.disks ?? vm.disks.map(asFacts)
  const others = (await host.listVms()).flatMap((other) => (other.uuid === vm.uuid ? [] : other.disks))
  const inUse = new Set(others.flatMap((disk) => [disk.source, disk.backingPath]))
  const volumes: Doomed[] = []
  const kept: string[] = []
  for (const disk of disks) {
    if (!disk.source) continue
    const volume = await host.findVolume(disk.source)
    if (!volume) continue
    const isImage = disk.device !== 'disk' || disk.readOnly
    const isKept = context.input.keepDisks || disk.shareable || (isImage && !isTagged(volume.name))
    if (isKept || inUse.has(disk.source) || (await isTemplate(context, volume))) kept.push(disk.source)
    else volumes.push({ pool: volume.pool, name: volume.name, path: disk.source })
  }
  const backing = await backingOfOthers(host, volumes)
  return {
    uuid: vm.uuid,
    hostId: vm.hostId,
    volumes: volumes.filter((volume) => !backing.has(volume.path)),
    kept: [...kept, ...volumes.filter((volume) => backing.has(volume.path)).map((volume) => volume.path)],
  }
}

const asFacts = (disk: { source: string | null; device: string; readOnly: boolean; shareable: boolean }) => ({
  ...disk,
  device: disk.device as DiskFacts['device'],
})

const isTemplate = (context: Context, volume: { pool: string; name: string }) =>
  context.db.template.findUnique({
    where: { poolName_volumeName: { poolName: volume.pool, volumeName: volume.name } },
  })

/** A volume that others stand on, seen from the volumes themselves: a VM that is off does not tell. */
async function backingOfOthers(host: HypervisorHost, volumes: readonly Doomed[]): Promise<Set<string | null>> {
  if (volumes.length === 0) return new Set()
  const pools = await host.listStoragePools()
  const doomed = new Set(volumes.map((volume) => volume.path))
  return new Set(
    pools.flatMap((pool) => pool.volumes.flatMap((volume) => (doomed.has(volume.path) ? [] : [volume.backingPath]))),
  )
}
