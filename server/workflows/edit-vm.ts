/**
 * Changes a VM: each change at once where the hypervisor can, else from the next start on; the result says which.
 *
 * | change               | running                        | paused           | off |
 * |----------------------|--------------------------------|------------------|-----|
 * | name                 | refused by the hypervisor      | refused          | yes |
 * | notes, autostart     | at once                        | at once          | yes |
 * | vCPUs, memory        | at once within the maximum     | the same         | yes |
 * | disk added, resized  | at once                        | at once          | yes |
 * | disk removed         | when the guest lets go of it   | next start       | yes |
 * | network card         | at once, as a new card         | the same         | yes |
 *
 * A disk that the guest holds on to stays the VM's. New disks are made first and removed again when that fails. Changes
 * then go one by one; when one fails, those before it stay, and the error names both. The volumes of removed disks go
 * last, for good, where nothing else uses them.
 */

import { some } from '#server/core/some-names.ts'
import { taggedName } from '#server/core/volume-name.ts'
import { conflict, SkerryError } from '#server/errors.ts'
import type { VmFacts } from '#server/hypervisor/facts.ts'
import { type EditOutcome, EditVmInput } from '#server/schema/vm-action.ts'
import { vmRule } from '#server/schema/vm-rule.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { changesOf, freeTargets, nowAndNext } from './edit-change.ts'
import { type MadeVolume, removeAllMade, removeMade, volumeAt } from './new-vm.ts'
import { vmOnHost, volumeOfDisk } from './vm-on-host.ts'
import { volumesToDelete } from './volume-use.ts'

interface Memory {
  hostId: string
  added: (MadeVolume & { target: string })[]
  /** Of the disks that go */
  dropped: { pool: string; name: string }[]
  /** Volumes of removed disks that stay, with the reason */
  kept: string[]
  changes: EditOutcome[]
}
type Context = StepContext<EditVmInput, Memory>

export const editVm = defineWorkflow<EditVmInput, Memory>({
  kind: 'edit-vm',
  input: EditVmInput,
  noReturnAfter: 'make disks',
  result: ({ changes, kept }) => ({ changes, kept }),
  steps: [
    { name: 'check', do: look },
    {
      name: 'make disks',
      do: async (context) => {
        const host = await context.host(context.memory.hostId ?? '')
        for (const [index, disk] of (context.memory.added ?? []).entries()) {
          const sizeBytes = context.input.addDisks?.[index]?.sizeBytes ?? 0
          await removeMade(context, host, disk)
          await host.createVolume(disk.pool, { name: disk.name, format: 'qcow2', capacityBytes: sizeBytes })
        }
        return undefined
      },
      undo: async (context) => {
        const { added, hostId } = context.memory
        return added && hostId ? removeAllMade(context, await context.host(hostId), added) : undefined
      },
    },
    {
      name: 'change',
      do: async (context) => {
        const { vm, host, facts } = await vmOnHost(context)
        const isOff = facts.state === 'off'
        const done: EditOutcome[] = []
        for (const change of changesOf(context.input, vm, context.memory.added ?? [], context.operation.id)) {
          context.progress({ phase: change.what })
          try {
            const live = await change.make(host)
            // Nothing runs that would have to be started anew.
            done.push({ what: change.what, live: live || isOff })
          } catch (error) {
            throw after(error, change.what, done)
          }
        }
        return { changes: done }
      },
    },
    {
      name: 'delete old disks',
      do: async (context) => {
        const host = await context.host(context.memory.hostId ?? '')
        const { dropped = [], changes = [] } = context.memory
        // A disk that goes with the next start is still written to.
        const isStillUsed = changes.some((change) => change.what.startsWith('remove the disk') && !change.live)
        if (!isStillUsed) for (const volume of dropped) await host.deleteVolume(volume.pool, volume.name)
        return undefined
      },
    },
  ],
})

async function look(context: Context): Promise<Partial<Memory>> {
  const { vm, host, facts } = await vmOnHost(context)
  const { input, operation } = context
  const ruling = vmRule({ state: facts.state }, 'edit')
  if (ruling !== true) throw conflict(`${vm.name} can’t be changed now. ${ruling}`)
  if (input.name !== undefined && input.name !== facts.name && facts.state !== 'off') {
    throw conflict(`${vm.name} can be renamed only while it is off.`, 'Shut it down first.')
  }
  const disks = input.removeDisks ? (await nowAndNext(host, vm.uuid)).disks : []
  const removed = input.removeDisks?.flatMap((target) => disks.find((disk) => disk.target === target) ?? []) ?? []
  for (const { target } of removed) requireUnheld(facts, target)
  const place = { db: context.db, host, hostId: vm.hostId, vmUuid: vm.uuid }
  const { doomed, kept } = await volumesToDelete(place, removed)
  const first = facts.disks.find((disk) => disk.device === 'disk' && disk.source)
  const pool = (first ? (await volumeOfDisk(host, first))?.pool : undefined) ?? 'default'
  const targets = freeTargets(facts.disks.map((disk) => disk.target))
  const added = await Promise.all(
    (input.addDisks ?? []).map(async (_, index) => {
      const target = targets[index] ?? ''
      const name = taggedName(`${vm.name}-${target}.qcow2`, operation.id)
      return { ...(await volumeAt(context, vm.hostId, pool, name)), target }
    }),
  )
  return { hostId: vm.hostId, dropped: doomed, kept: kept.map(({ name, reason }) => `${name}: ${reason}`), added }
}

/** Without the disk libvirt neither deletes a snapshot that holds it nor goes back to it. */
function requireUnheld({ name, snapshots }: VmFacts, target: string): void {
  const holding = snapshots.filter(({ targets }) => targets.includes(target)).map((snapshot) => snapshot.name)
  if (holding.length === 0) return
  const [its, those, they] =
    holding.length === 1 ? ['its snapshot', 'that snapshot', 'it'] : ['its snapshots', 'those snapshots', 'they']
  throw conflict(
    `The disk ${target} of ${name} is part of ${its} ${some(holding)}.`,
    `Delete ${those} first: without the disk ${they} could neither be deleted nor gone back to.`,
  )
}

/** What was changed before the one that failed stays, so it is said. */
function after(error: unknown, what: string, done: readonly EditOutcome[]): unknown {
  if (!(error instanceof SkerryError) || done.length === 0) return error
  const made = done.map((change) => change.what).join(', ')
  const wayOut = [error.wayOut, `Done before and kept: ${made}.`].filter(Boolean).join(' ')
  return new SkerryError(error.code, `Could not ${what}: ${error.message}`, { wayOut, cause: error })
}
