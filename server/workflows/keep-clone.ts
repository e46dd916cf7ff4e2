/**
 * Keeps a clone on its own: each of its disks, with what that shares with the recovery point, is copied into a volume of
 * its own while the VM runs, which then goes over to it. Then it is a VM like any other, and the recovery point may go.
 *
 * | state         | keep on its own                                            |
 * |---------------|------------------------------------------------------------|
 * | running       | yes                                                        |
 * | anything else | refused: the hypervisor copies while it runs               |
 *
 * | broken off or cancelled   | the disk                                               |
 * |---------------------------|--------------------------------------------------------|
 * | before it was gone over to| shares as before; the volume goes, next time anew      |
 * | afterwards                | is on its own for good; next time the others follow    |
 *
 * So there is a way back as long as disks are copied, and whatever of them is done by then stays done.
 */

import { taggedName } from '#server/core/volume-name.ts'
import { conflict, unsupported } from '#server/errors.ts'
import { sharingDisks } from '#server/hypervisor/libvirt/xml/backing.ts'
import { KeepCloneInput } from '#server/schema/backup.ts'
import { vmRule } from '#server/schema/vm-rule.ts'
import { resumeStalled } from './clone-stall.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { copyDisk, demandRoom, isOnItsOwn, type KeptDisk, leaveOld, unusedOf } from './keep-disk.ts'
import { removeMade, volumeAt } from './new-vm.ts'
import { Cancelled } from './pause.ts'
import { makeEmpty } from './restored-disk.ts'
import { vmRow, vmWithDisks, volumeOfDisk } from './vm-on-host.ts'

interface Memory {
  disks: KeptDisk[]
  /** Volumes of before that stay, with the reason */
  kept: string[]
}
type Context = StepContext<KeepCloneInput, Memory>

export const keepClone = defineWorkflow<KeepCloneInput, Memory>({
  kind: 'keep-clone',
  input: KeepCloneInput,
  noReturnAfter: 'copy',
  result: ({ disks = [], kept = [] }) => ({ copiedDisks: disks.map(({ target }) => target), kept }),
  steps: [
    { name: 'look', do: look },
    {
      name: 'make disks',
      do: async (context) => {
        const { host } = await placed(context)
        await makeEmpty(context, host, context.memory.disks ?? [])
        return undefined
      },
      undo: removeUnused,
    },
    { name: 'copy', do: copy, undo: stopCopying },
    { name: 'let go', do: letGo },
  ],
})

async function placed(context: Context) {
  const vm = await vmRow(context)
  return { vm, host: await context.host(vm.hostId) }
}

async function look(context: Context): Promise<Pick<Memory, 'disks'>> {
  const { vm, host } = await placed(context)
  // Its reads failed while the worker was away.
  await resumeStalled(host, vm.uuid)
  const { facts } = await vmWithDisks(context)
  const ruling = vmRule({ state: facts.state, standsOnId: vm.standsOnId }, 'keep')
  if (ruling !== true) throw conflict(`${vm.name} can’t be kept on its own now. ${ruling}`)
  const sharing = sharingDisks(await host.readXml(vm.uuid, { secure: false }))
  const disks: KeptDisk[] = []
  const written: { pool: string; ownBytes: number }[] = []
  for (const disk of facts.disks) {
    const { target, source, capacityBytes: sizeBytes } = disk
    if (!sharing.includes(target)) continue
    const volume = await volumeOfDisk(host, disk)
    if (!volume || source === null) {
      throw unsupported(
        `The disk ${target} of ${vm.name} is in none of its host’s storage pools, so there is no place for what it shares.`,
        'Start the pool that it was made in, or restore its recovery point as a new VM.',
      )
    }
    const name = taggedName(volume.name, context.operation.id)
    const { poolName, volumeName, device, readOnly, shareable } = disk
    const old = { target, source, poolName, volumeName, device, readOnly, shareable }
    disks.push({ ...(await volumeAt(context, vm.hostId, volume.pool, name)), target, sizeBytes, old })
    written.push({ pool: volume.pool, ownBytes: disk.allocationBytes })
  }
  await demandRoom(host, written)
  return { disks }
}

async function copy(context: Context): Promise<Pick<Memory, 'kept'>> {
  const { vm, host } = await placed(context)
  const kept: string[] = []
  try {
    for (const disk of context.memory.disks ?? []) {
      await copyDisk(context, host, vm, disk)
      kept.push(...(await leaveOld(context, host, vm, disk)))
    }
    return { kept }
  } catch (error) {
    if (error instanceof Cancelled) throw error
    const facts = await host.readVm(vm.uuid).catch(() => null)
    if (facts?.state !== 'off') throw error
    const what = facts.stateReason === 'crashed' ? 'crashed' : 'was switched off'
    const wayOut = 'Start it, then try again: a disk that was not copied to its end is then copied anew.'
    throw conflict(`${vm.name} ${what} meanwhile.`, wayOut)
  }
}

async function stopCopying(context: Context): Promise<string | undefined> {
  const { vm, host } = await placed(context)
  if (!(await host.readVm(vm.uuid))) return undefined
  const done: string[] = []
  for (const disk of context.memory.disks ?? []) {
    await host.abortDiskCopy(vm.uuid, disk.target, disk.path)
    if (!(await isOnItsOwn(host, vm, disk))) continue
    await leaveOld(context, host, vm, disk)
    done.push(disk.target)
  }
  return done.length > 0
    ? `stopped copying; ${done.join(', ')} shares nothing any more and stays so`
    : 'stopped copying'
}

async function removeUnused(context: Context): Promise<string | undefined> {
  const { vm, host } = await placed(context)
  const disks = context.memory.disks ?? []
  let removed = 0
  for (const disk of await unusedOf(context, host, vm, disks)) if (await removeMade(context, host, disk)) removed++
  if (removed === 0) return undefined
  return `removed the ${removed === 1 ? 'volume' : `${removed} volumes`} into which it was to be copied`
}

async function letGo(context: Context): Promise<undefined> {
  const { vm, host } = await placed(context)
  const [sharing] = sharingDisks(await host.readXml(vm.uuid, { secure: false, inactive: true }))
  if (sharing !== undefined) {
    const wayOut = 'Restart it, then keep it on its own again.'
    throw conflict(`From its next start on ${vm.name} has a disk that shares blocks (${sharing}).`, wayOut)
  }
  // Nobody looks after it as a clone from then on.
  await resumeStalled(host, vm.uuid)
  await context.db.vm.updateMany({
    where: { id: vm.id },
    data: { standsOnId: null, standsOnArchiveStoreId: null },
  })
}
