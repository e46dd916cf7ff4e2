/**
 * Moves a VM to another host, with its disks where the two hosts share no storage; a running one goes on running. The
 * hosts do it among themselves (peer to peer, TLS when both have it), so it goes on when this worker dies: the next one
 * finds out from both hosts how it stands and watches on. Volumes made at the destination carry the operation's mark.
 *
 * | state         | migrate                                                                  |
 * |---------------|--------------------------------------------------------------------------|
 * | running       | live: disks first, then memory in rounds; post-copy when it won't end    |
 * | running, with snapshots, and disks are copied | stands still: its memory is saved to a file; that and the disks are sent |
 * | paused        | the same, and it stays paused                                            |
 * | off           | disks are sent as files, then it is defined there and removed here       |
 * | shutting down, crashed, sleeping | refused                                               |
 *
 * With snapshots, what copied disks stand on goes along too; see migration-chain.ts.
 *
 * Until it runs at the destination a cancel or an error leaves it where it was and removes what was made there; one that
 * stands still goes on at its source, until that has given it up. Nothing goes back afterwards; the old disks go last, when the VM has been seen at its new place.
 */
import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { CheckpointFacts } from '#server/hypervisor/facts.ts'
import { MigrateInput } from '#server/schema/vm-action.ts'
import { takeUpMarks } from './checkpoint-step.ts'
import { HostUnreachable } from './connection.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { prepareVolumes, removeLeftVolumes, removePrepared, sendStanding, tellOfVolumes } from './migration-disk.ts'
import {
  filesAtSource,
  goOnThere,
  moveSaved,
  onlyThereMs,
  removeSavedMemory,
  removeStanding,
  type WentOn,
} from './migration-going-on.ts'
import { moveLive } from './migration-live.ts'
import { moveOff } from './migration-off.ts'
import { type MovePlan, pathsOf, planMove } from './migration-plan.ts'
import { type MovedProtection, movedProtection } from './migration-protection.ts'
import { type MoveFigures, readFigures, recordMove } from './migration-record.ts'
import { setSnapshotsAside, takeUpSnapshots } from './migration-snapshot.ts'
import { sourceBackWithinMs, standStill, tellingOfAutostart, wakeUp } from './migration-standstill.ts'
import { readWhereabouts } from './migration-whereabouts.ts'
import { until } from './pause.ts'

interface Memory extends WentOn {
  plan: MovePlan
  /** When it was stopped to be moved with its memory, and how much was sent since */
  stoodStillAtMs: number | null
  sentBytes: number
  /** Its snapshots, sealed; see migration-snapshot.ts */
  snapshots: string | null
  /** For its next backup; they are in the disks, and the destination has to be told of them */
  marks: CheckpointFacts[]
  snapshotCount: number
  postCopy: boolean
  figures: MoveFigures
  protection: MovedProtection
}
type Context = StepContext<MigrateInput, Memory>

const abortedWithinMs = 30_000
/** What it knows of its snapshots is with us alone until the destination has it. */
const destinationBackWithinMs = 10 * 60_000

export const migrateVm = defineWorkflow<MigrateInput, Memory>({
  kind: 'migrate-vm',
  input: MigrateInput,
  noReturnAfter: 'move',
  result: ({ plan, snapshotCount, postCopy, figures, protection, left }) => ({
    from: plan?.sourceName,
    to: plan?.destinationName,
    live: plan?.live,
    saved: (plan?.saved ?? null) !== null,
    tls: plan?.tls,
    copiedDisks: plan?.disks.filter((disk) => disk.mode === 'copied').map((disk) => disk.target),
    postCopy: postCopy ?? false,
    snapshots: snapshotCount ?? 0,
    ...figures,
    protection: protection ?? null,
    left: left ?? [],
  }),
  steps: [
    {
      name: 'check',
      do: async (context) => ({ plan: await planMove(context) }),
    },
    {
      name: 'prepare',
      do: async (context) => {
        context.progress({ phase: 'preparing' })
        await prepareVolumes(context, planOf(context))
        return undefined
      },
      undo: async (context) => (context.memory.plan ? removePrepared(context, context.memory.plan) : undefined),
    },
    {
      name: 'stand still',
      do: async (context) => {
        const plan = planOf(context)
        if (!plan.saved) return undefined
        const stoodStillAtMs = Date.now()
        await standStill(context, plan)
        return { stoodStillAtMs, sentBytes: await sendStanding(context, plan) }
      },
      undo: async (context) => {
        const { plan, marks } = context.memory
        return plan && wakeUp(context, plan, { mayStandThere: marks !== undefined })
      },
    },
    {
      name: 'set snapshots aside',
      do: async (context) => {
        const plan = planOf(context)
        const source = await context.host(plan.sourceHostId)
        const marks = await source.listCheckpoints(plan.uuid)
        return { snapshots: await setSnapshotsAside(context, plan), marks }
      },
    },
    {
      name: 'move',
      do: async (context) => {
        const plan = planOf(context)
        const startedAt = Date.now()
        if (plan.saved) {
          await moveSaved(context, plan)
          return undefined
        }
        if (context.memory.snapshots && plan.live) {
          await (await context.host(plan.sourceHostId)).forgetSnapshots(plan.uuid)
        }
        const { postCopy, last } = plan.live ? await moveLive(context, plan) : await moveOff(context, plan)
        return { postCopy, figures: await readFigures(context, plan, startedAt, last) }
      },
      undo: (context) => stayHere(context),
    },
    {
      name: 'go on',
      do: async (context) => {
        const plan = planOf(context)
        if (!plan.saved) return undefined
        const wentOn = await goOnThere(context, plan)
        const { stoodStillAtMs, sentBytes: bytes = null } = context.memory
        const totalMs = Date.now() - (stoodStillAtMs ?? Date.now())
        return { ...wentOn, figures: { totalMs, downtimeMs: totalMs, bytes, iterations: null } }
      },
    },
    {
      name: 'take up snapshots',
      do: async (context) => {
        const plan = planOf(context)
        const { snapshots, marks = [] } = context.memory
        if (!snapshots && marks.length === 0) return undefined
        const destination = await context.host(plan.destinationHostId, destinationBackWithinMs)
        // In this order: of a VM that is off libvirt takes up no snapshot while it knows of marks.
        const snapshotCount = snapshots
          ? await takeUpSnapshots(context, plan, 'destination', destination, snapshots)
          : 0
        await takeUpMarks(destination, plan.uuid, marks, pathsOf(plan))
        return { snapshotCount }
      },
    },
    {
      name: 'record',
      do: async (context) => {
        const plan = planOf(context)
        await recordMove(context, plan, context.memory.figures, context.memory.postCopy ?? false)
        const { marks = [], snapshotCount = 0 } = context.memory
        return { protection: await movedProtection(context, marks, snapshotCount) }
      },
    },
    {
      name: 'clean up',
      do: async (context) => {
        const plan = planOf(context)
        await tellOfVolumes(context, plan)
        if (context.memory.goesOn === false) return undefined
        context.progress({ phase: `removing the old disks on ${plan.sourceName}` })
        try {
          await removeSavedMemory(context, plan)
          return { left: [...(context.memory.left ?? []), ...(await removeLeftVolumes(context, plan))] }
        } catch (error) {
          if (!(error instanceof HostUnreachable)) throw error
          const unreached = filesAtSource(plan).map(
            (name) => `${name} on ${plan.sourceName}: the host can’t be reached`,
          )
          return { left: [...(context.memory.left ?? []), ...unreached] }
        }
      },
    },
  ],
})

function planOf(context: Context): MovePlan {
  if (!context.memory.plan) throw new Error('the check comes first')
  return context.memory.plan
}

/** Makes sure that the VM is at its source alone. @throws when it can't be made sure of */
async function stayHere(context: Context): Promise<string | undefined> {
  const { plan } = context.memory
  if (!plan) return undefined
  const source = await context.host(plan.sourceHostId, sourceBackWithinMs)
  // A destination that is gone can't have it either, when it runs at its source.
  const destination = await (plan.saved
    ? context.openHost(plan.destinationHostId)
    : context.host(plan.destinationHostId).catch(() => context.openHost(plan.destinationHostId)))
  if (plan.saved) return stayStanding(context, plan, source, destination)
  const at = await until(
    async () => {
      const now = await readWhereabouts(source, destination, plan)
      if (now === 'moving') await source.abortJob(plan.uuid)
      return now !== 'moving' && now
    },
    { timeoutMs: abortedWithinMs, everyMs: 500 },
  )
  if (at !== 'here') throw conflict(`It is not on ${plan.sourceName} alone.`, 'Look on both hosts where it is.')
  if (!plan.live) await destination.undefine(plan.uuid)
  const { snapshots, marks = [] } = context.memory
  if (snapshots) await takeUpSnapshots(context, plan, 'source', source, snapshots, marks)
  await takeUpMarks(source, plan.uuid, marks)
  return `left it on ${plan.sourceName}`
}

/**
 * Its source alone can have it go on, which is done next; what stands at the destination goes at once where that answers,
 * else with its disks, later. One that its source has given up already goes on at the destination, with all that is its.
 */
async function stayStanding(
  context: Context,
  plan: MovePlan,
  source: HypervisorHost,
  destination: HypervisorHost,
): Promise<string | undefined> {
  // When the source has it no more, there is nothing to do before the destination answers.
  if (!(await source.readVm(plan.uuid))) await context.host(plan.destinationHostId, onlyThereMs)
  if ((await readWhereabouts(source, destination, plan)) === 'here') {
    await tellingOfAutostart(plan, () => removeStanding(source, destination, plan)).catch((error: unknown) => {
      if (destination.connection().state === 'connected') throw error
      context.log.warn({ err: error }, 'left standing')
    })
    return undefined
  }
  const { snapshots, marks = [] } = context.memory
  const { goesOn, left } = await goOnThere(context, plan)
  if (snapshots) await takeUpSnapshots(context, plan, 'destination', destination, snapshots)
  await takeUpMarks(destination, plan.uuid, marks, pathsOf(plan))
  if (!goesOn) {
    throw conflict(
      `${plan.destinationName} alone has the VM, and it is off: its memory there can’t be used. What stays: ${left.join('; ')}.`,
      'Start it there, from its memory or without, then clean up.',
    )
  }
  const kept = await removeLeftVolumes(context, plan)
  const told = [`had it go on on ${plan.destinationName}, as ${plan.sourceName} had given it up`, ...kept]
  return told.join('; what stays: ')
}
