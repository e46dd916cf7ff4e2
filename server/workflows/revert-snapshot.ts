/**
 * Leads a VM back to a snapshot of it: with memory to the very moment, without to disks as they were and a VM that is
 * off. What happened since is lost, unless a snapshot of the present state is taken first (`keepAs`).
 *
 * | state         | revert                                                   |
 * |---------------|----------------------------------------------------------|
 * | running       | yes: it stops being what it is                           |
 * | off           | yes: with memory it runs afterwards                      |
 * | shutting down | refused                                                  |
 * | crashed       | yes                                                      |
 *
 * Marks for the next backup go before: they know nothing of it, and QEMU ends instead of going back while it keeps any.
 * Reverting itself can't be undone by the operation, so it comes last; run twice it leads to the same place.
 */
import { basename } from 'node:path'
import { revertRule } from '#server/core/snapshot.ts'
import { conflict } from '#server/errors.ts'
import { RevertSnapshotInput } from '#server/schema/snapshot.ts'
import { forgetMarks, ownMarks, stopPaused } from './checkpoint-step.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { recordNow, takeOnce, untake } from './snapshot-step.ts'
import { vmOnHost } from './vm-on-host.ts'

interface Memory {
  kept: string | null
  wasOff: boolean
  /** Checkpoints that go; with any, the next backup reads everything */
  marks: string[]
  state: string
  /** Disks as they were, and of these the ones that the snapshot does not have: their files stay */
  disks: { target: string; source: string }[]
  detached: string[]
}

export const revertSnapshot = defineWorkflow<RevertSnapshotInput, Memory>({
  kind: 'revert-snapshot',
  input: RevertSnapshotInput,
  noReturnAfter: 'keep the present',
  result: ({ kept, state, marks, detached }) => ({
    ...{ kept: kept ?? null, state, detached: detached ?? [] },
    nextBackupIsFull: (marks ?? []).length > 0,
  }),
  steps: [
    { name: 'check', do: look },
    {
      name: 'forget marks',
      do: async (context) => {
        const { vm, host } = await vmOnHost(context)
        await forgetMarks(host, vm.uuid)
        if (context.memory.wasOff) await stopPaused(host, vm.uuid)
        return undefined
      },
      undo: async (context) => {
        if (!context.memory.wasOff) return undefined
        const { vm, host } = await vmOnHost(context)
        await stopPaused(host, vm.uuid)
        return undefined
      },
    },
    {
      name: 'keep the present',
      do: async (context) => {
        const { keepAs } = context.input
        if (!keepAs) return { kept: null }
        const { host, facts } = await vmOnHost(context)
        const description = `Before reverting to ${context.input.name}`
        await takeOnce(context, host, facts, { name: keepAs, description, withMemory: true, mark: {} })
        return { kept: keepAs }
      },
      undo: async (context) => (context.input.keepAs ? untake(context, context.input.keepAs) : undefined),
    },
    {
      name: 'revert',
      do: async (context) => {
        const { vm, host } = await vmOnHost(context)
        context.progress({ phase: `going back to ${context.input.name}` })
        await host.revertToSnapshot(vm.uuid, context.input.name)
        const now = await host.readVm(vm.uuid)
        const stays = new Set(now?.disks.map(({ target }) => target))
        const detached = (context.memory.disks ?? []).filter(({ target }) => now && !stays.has(target))
        return {
          state: now?.state ?? 'off',
          detached: detached.map(({ target, source }) => `${target}: ${basename(source)}`),
        }
      },
    },
    {
      name: 'record',
      do: async (context) => {
        await recordNow(context)
        return undefined
      },
    },
  ],
})

async function look(context: StepContext<RevertSnapshotInput, Memory>): Promise<Partial<Memory>> {
  const { vm, host, facts } = await vmOnHost(context)
  const snapshot = facts.snapshots.find(({ name }) => name === context.input.name)
  if (!snapshot) throw conflict(`${vm.name} has no snapshot ${context.input.name} any more.`)
  const { name, libvirtVersion } = await context.db.host.findUniqueOrThrow({ where: { id: vm.hostId } })
  const ruling = revertRule({ state: facts.state }, snapshot, { name, libvirtVersion })
  if (ruling !== true) throw conflict(`${vm.name} can’t be reverted to ${snapshot.name}. ${ruling}`)
  const disks = facts.disks.flatMap(({ device, target, source }) =>
    device === 'disk' && source ? [{ target, source }] : [],
  )
  return { wasOff: facts.state === 'off', marks: await ownMarks(host, facts), disks }
}
