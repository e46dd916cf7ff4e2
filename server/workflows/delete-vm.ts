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
 * Disks are found by their path, or by pool and volume where those name them. What is not the VM's alone stays; see `volumesToDelete`. Nothing of it
 * can be undone, so it looks at everything first and can be cancelled only until it begins.
 */

import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { DiskFacts, VmFacts } from '#server/hypervisor/facts.ts'
import { DeleteVmInput } from '#server/schema/vm-action.ts'
import { vmRule } from '#server/schema/vm-rule.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { readPoolsAgain } from './pool-again.ts'
import { vmRow } from './vm-on-host.ts'
import { type Volume, volumesToDelete } from './volume-use.ts'

interface Memory {
  uuid: string
  hostId: string
  volumes: Volume[]
  /** Names of the volumes that stay */
  kept: string[]
}
type Context = StepContext<DeleteVmInput, Memory>

export const deleteVm = defineWorkflow<DeleteVmInput, Memory>({
  kind: 'delete-vm',
  input: DeleteVmInput,
  noReturnAfter: 'check',
  result: ({ volumes, kept }) => ({ deleted: volumes?.map((volume) => volume.name), kept }),
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
  const disks = facts ? allDisks(facts) : vm.disks
  if (facts) await showSnapshotFiles(host, facts, context.input.keepDisks)
  const place = { db: context.db, host, hostId: vm.hostId, vmUuid: vm.uuid }
  const { doomed, kept } = await volumesToDelete(place, disks)
  const ofVm = { uuid: vm.uuid, hostId: vm.hostId }
  if (!context.input.keepDisks) return { ...ofVm, volumes: doomed, kept: kept.map(({ name }) => name) }
  return { ...ofVm, volumes: [], kept: [...kept, ...doomed].map(({ name }) => name) }
}

/** With what its snapshots in files of their own made the disks stand on. */
function allDisks({ disks, snapshots }: VmFacts): DiskFacts[] {
  const known = new Set(disks.map(({ source }) => source))
  const bases = snapshots.flatMap(({ baseDisks }) => baseDisks)
  return [...disks, ...bases.filter(({ source }) => !known.has(source) && known.add(source))]
}

/**
 * Files that snapshots made are no volumes until their pool is read again, nor is what stands on them, in whatever pool.
 * @throws conflict when one can't be read: something there may stand on them
 */
async function showSnapshotFiles(
  host: HypervisorHost,
  { name, snapshots }: VmFacts,
  keepDisks: boolean,
): Promise<void> {
  if (snapshots.every(({ baseDisks }) => baseDisks.every(({ source }) => source === null))) return
  const unread = await readPoolsAgain(host)
  if (unread.length === 0 || keepDisks) return
  throw conflict(
    `${name} can’t be deleted with its disks: ${unread.join(', ')} could not be read again, so what stands on its snapshots’ files is not known.`,
    'Wait until nothing is written there, and start that storage pool if it is switched off or remove it from the host; or keep its disks.',
  )
}
