/**
 * Takes a snapshot of a VM. Its mark within the hypervisor is the operation's id, so a second run finds it.
 *
 * | state              | with memory                         | without                                             |
 * |--------------------|-------------------------------------|-----------------------------------------------------|
 * | running, suspended | inside its disks; it stands still   | later writes go to new files; frozen by its agent   |
 * | off                | as without                          | inside its disks                                    |
 * | anything else      | refused                             | refused                                             |
 *
 * libvirt takes none of a VM that is off while it knows of marks for the next backup. Those stay in the disks, so it is
 * told to forget them and told of them again.
 *
 * A cancel that comes while memory is saved takes effect when that is done: the snapshot is then deleted again. One that
 * a schedule asked for deletes the oldest of that schedule beyond what it keeps; failing in that fails nothing else.
 */
import type { CheckpointFacts, VmPowerState } from '#server/hypervisor/facts.ts'
import { TakeSnapshotPlan } from '#server/schema/snapshot.ts'
import { toldOf } from './attempt.ts'
import { takeUpMarks } from './checkpoint-step.ts'
import { defineWorkflow } from './define.ts'
import { mustStand, recordNow, standingPaused, takeOnce, untake } from './snapshot-step.ts'
import { vmOnHost } from './vm-on-host.ts'

interface Memory {
  name: string
  withMemory: boolean
  quiesced: boolean
  state: VmPowerState
  /** For the next backup of a VM that is off */
  marks: CheckpointFacts[]
  deleted: string[]
  left: string[]
}

export const takeSnapshot = defineWorkflow<TakeSnapshotPlan, Memory>({
  kind: 'take-snapshot',
  input: TakeSnapshotPlan,
  noReturnAfter: 'record',
  result: ({ name, withMemory, quiesced, deleted, left }) => ({
    ...{ name, withMemory, quiesced },
    ...{ deleted: deleted ?? [], left: left ?? [] },
  }),
  steps: [
    {
      name: 'note marks',
      do: async (context) => {
        const { vm, host, facts } = await vmOnHost(context)
        const { state } = facts
        return { state, marks: state === 'off' ? await host.listCheckpoints(vm.uuid) : [] }
      },
    },
    {
      name: 'take',
      do: async (context) => {
        const { host, facts } = await vmOnHost(context)
        const { schedule, ...wanted } = context.input
        const mark = schedule ? { scheduleId: schedule.id } : {}
        const marks = context.memory.marks ?? []
        for (const { name } of marks.toReversed()) await host.deleteCheckpoint(facts.uuid, name, { metadataOnly: true })
        const taken = await takeOnce(context, host, facts, { ...wanted, mark })
        await takeUpMarks(host, facts.uuid, marks)
        return { name: taken.name, withMemory: taken.withMemory, quiesced: taken.mark.quiesced ?? false }
      },
      undo: async (context) => {
        const untaken = await untake(context, context.input.name)
        const { marks = [] } = context.memory
        if (marks.length === 0) return untaken
        const { vm, host } = await vmOnHost(context)
        await takeUpMarks(host, vm.uuid, marks)
        return untaken
      },
    },
    {
      name: 'record',
      do: async (context) => {
        await recordNow(context)
        return undefined
      },
    },
    {
      name: 'delete old ones',
      do: async (context) => {
        const { schedule } = context.input
        if (!schedule) return undefined
        const { vm, host } = await vmOnHost(context)
        const its = (await host.listSnapshots(vm.uuid))
          .filter(({ mark }) => mark.scheduleId === schedule.id)
          .toSorted((a, b) => (a.takenAt < b.takenAt ? -1 : 1))
        const deleted: string[] = []
        const left: string[] = []
        const old = its.slice(0, -schedule.keepCount)
        const { state = 'running' } = context.memory
        await standingPaused(host, vm.uuid, mustStand({ state }, old), async () => {
          for (const { name } of old) {
            context.progress({ phase: `deleting ${name}` })
            await host.deleteSnapshot(vm.uuid, name).then(
              () => deleted.push(name),
              (error: unknown) => left.push(`${name}: ${toldOf(error)}`),
            )
          }
        })
        await recordNow(context)
        return { deleted, left }
      },
    },
  ],
})
