/**
 * Takes a snapshot of a VM. Its mark within the hypervisor is the operation's id, so a second run finds it.
 *
 * | state              | with memory                         | without                                             |
 * |--------------------|-------------------------------------|-----------------------------------------------------|
 * | running, suspended | inside its disks; it stands still   | later writes go to new files; frozen by its agent   |
 * | off                | as without                          | inside its disks                                    |
 * | anything else      | refused                             | refused                                             |
 *
 * A cancel that comes while memory is saved takes effect when that is done: the snapshot is then deleted again. One that
 * a schedule asked for deletes the oldest of that schedule beyond what it keeps; failing in that fails nothing else.
 */
import { TakeSnapshotPlan } from '#server/schema/snapshot.ts'
import { toldOf } from './attempt.ts'
import { defineWorkflow } from './define.ts'
import { recordNow, takeOnce, untake } from './snapshot-step.ts'
import { vmOnHost } from './vm-on-host.ts'

interface Memory {
  name: string
  withMemory: boolean
  quiesced: boolean
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
      name: 'take',
      do: async (context) => {
        const { host, facts } = await vmOnHost(context)
        const { schedule, ...wanted } = context.input
        const mark = schedule ? { scheduleId: schedule.id } : {}
        const taken = await takeOnce(context, host, facts, { ...wanted, mark })
        return { name: taken.name, withMemory: taken.withMemory, quiesced: taken.mark.quiesced ?? false }
      },
      undo: (context) => untake(context, context.input.name),
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
        for (const { name } of its.slice(0, -schedule.keepCount)) {
          context.progress({ phase: `deleting ${name}` })
          await host.deleteSnapshot(vm.uuid, name).then(
            () => deleted.push(name),
            (error: unknown) => left.push(`${name}: ${toldOf(error)}`),
          )
        }
        await recordNow(context)
        return { deleted, left }
      },
    },
  ],
})
