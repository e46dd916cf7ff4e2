/**
 * Leads a VM's disks back to a recovery point, in place: it stays the same VM. It is shut down, what it is now becomes a
 * recovery point of this operation's id, so that the restore can be undone, and only the blocks that differ between the
 * two are written: of all disks that the recovery point has, or of some of them.
 *
 * | state              | restore                                                       |
 * |--------------------|---------------------------------------------------------------|
 * | running            | shut down first, started afterwards                           |
 * | off                | yes, and it stays off                                         |
 * | anything else      | refused                                                       |
 *
 * Broken off in the middle, what was written is written back; where that has to wait for the host, not over disks of which
 * a later restore has made something else, after what a later one has left half written, and not over what the guest has
 * written since. The marks for the next backup know what was written.
 */
import { disksToRestore } from '#server/core/restore-disk.ts'
import { conflict } from '#server/errors.ts'
import { unlikeChunks } from '#server/repository/copy.ts'
import { chunkBytes } from '#server/repository/layout.ts'
import type { RecoveryPoint } from '#server/repository/recovery-point.ts'
import { RestoreVmPlan } from '#server/schema/backup.ts'
import { StepError } from './attempt.ts'
import { type BackupMemory, begin, end, look, read, record, repositoryOf, unbegin, unread } from './backup-step.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { ranSince } from './ran-since.ts'
import { Leftover } from './record.ts'
import { restoredSince } from './restored-since.ts'
import { shutDownGuest } from './shut-down.ts'
import { vmOnHost, vmWithDisks } from './vm-on-host.ts'
import { type DiskWriting, type Written, writeDisks } from './write-disks.ts'

interface Memory extends BackupMemory, Written {
  wasRunning: boolean
  /** Null where all that the recovery point has were asked for */
  onlyDisks: readonly string[] | null
}
type Context = StepContext<RestoreVmPlan, Memory>

export const restoreVm = defineWorkflow<RestoreVmPlan, Memory>({
  kind: 'restore-vm',
  input: RestoreVmPlan,
  noReturnAfter: 'write',
  stillLeft,
  result: ({ writtenBytes, writeMs, readBytes, onlyDisks }) => ({ writtenBytes, writeMs, readBytes, onlyDisks }),
  steps: [
    {
      // Apart, so that it is known whatever happens while it shuts down.
      name: 'note its state',
      do: async (context) => ({
        wasRunning: (await vmOnHost(context)).facts.state !== 'off',
        onlyDisks: context.input.disks ?? null,
      }),
    },
    {
      name: 'shut down',
      do: shutDown,
      undo: unlessRestoredSince(async (context) => {
        if (!context.memory.wasRunning) return undefined
        await start(context)
        return 'started it again'
      }),
    },
    {
      name: 'look',
      do: async (context) => {
        await chosenDisks(context)
        return look(context)
      },
    },
    { name: 'begin', do: begin, undo: unlessRestoredSince(unbegin) },
    { name: 'keep the present', do: read, undo: unlessRestoredSince(unread) },
    { name: 'record the present', do: record },
    { name: 'end reading', do: async (context) => ({ left: await end(context) }) },
    {
      name: 'write',
      do: async (context) => {
        const { operation, input } = context
        return writeDifference(context, operation.id, input.recoveryPointId, await chosenDisks(context))
      },
      undo: writeBack,
    },
    {
      name: 'start',
      do: async (context) => {
        if (context.memory.wasRunning) await start(context)
        return undefined
      },
    },
  ],
})

type Undo = (context: Context) => Promise<string | undefined>

const since = (context: Context) => restoredSince(context, restoreVm.noReturnIndex)

/** What is cleaned up late must not undo what a later restore has done; its recovery point of the present is the way back. */
function unlessRestoredSince(undo: Undo): Undo {
  return async (context) => ((await since(context)).any ? undefined : undo(context))
}

async function stillLeft(context: Context): Promise<void> {
  const trace = await context.db.operationTrace.findUnique({ where: { operationId: context.operation.id } })
  const { stepIndex = 0 } = Leftover.safeParse(trace?.leftover).data ?? {}
  if (stepIndex < restoreVm.noReturnIndex) await since(context)
  else await disksToWriteBack(context)
}

/** Whatever part of it was written: all that differs is what it was. */
async function writeBack(context: Context): Promise<string | undefined> {
  const targets = await disksToWriteBack(context)
  if (targets.length === 0) return undefined
  await writeDifference(context, context.input.recoveryPointId, context.operation.id, targets)
  return 'wrote back what it was'
}

/** @throws conflict when the guest has written to them since */
async function disksToWriteBack(context: Context): Promise<string[]> {
  const { all, has } = await since(context)
  if (all) return []
  const targets = (await chosenDisks(context)).filter((target) => !has(target))
  if (targets.length === 0 || !(await ranSince(context))) return targets
  throw conflict(
    `${context.operation.targetName} ran after its restore had failed: what it has written since would be damaged.`,
    'Restore all of its disks, to what they were before that restore or to a backup of now; then clean up.',
  )
}

async function start(context: Context): Promise<void> {
  const { host, facts } = await vmOnHost(context)
  if (facts.state === 'off') await host.power(facts.uuid, { action: 'start' })
}

async function shutDown(context: Context): Promise<undefined> {
  const { vm, host, facts } = await vmOnHost(context)
  if (facts.state === 'off') return undefined
  if (facts.state !== 'running' && facts.state !== 'shutting_down') {
    throw conflict(`${vm.name} can’t be restored now: it is ${facts.state}.`, 'Resume it or force it off first.')
  }
  const { shutdownMs } = context.input
  if ((await shutDownGuest(context, host, facts, shutdownMs)).isOff) return undefined
  throw new StepError('conflict', `${vm.name} did not shut down in ${Math.round(shutdownMs / 1000)} s.`, {
    wayOut: 'Force it off, then restore it.',
    offer: 'force-off',
  })
}

/** Writes what differs between two recovery points over the disks, which are as in the first one, or anything between. */
async function writeDifference(
  context: Context,
  fromId: string,
  toId: string,
  targets: readonly string[],
): Promise<Written> {
  const { vm, host, facts } = await vmOnHost(context)
  if (facts.state !== 'off') throw conflict(`${vm.name} was started meanwhile.`, 'Shut it down, then restore it again.')
  const [from, to] = [await pointOf(context, fromId), await pointOf(context, toId)]
  try {
    const disks = facts.disks.flatMap(({ target, source, format }) =>
      source && targets.includes(target)
        ? [{ target, path: source, format: format === 'raw' ? ('raw' as const) : ('qcow2' as const) }]
        : [],
    )
    const writings: DiskWriting[] = []
    for (const target of targets) writings.push(await differenceOf(context, from, to, target))
    return await writeDisks(context, host, { holder: context.operation.id, disks }, writings)
  } finally {
    await Promise.all([from.close(), to.close()])
  }
}

/** The one that is restored may lie in an archive store; what the VM was lies in the datastore. */
async function pointOf(context: Context, id: string): Promise<RecoveryPoint> {
  const { archiveStoreId, recoveryPointId } = context.input
  const { tenantId } = context.operation
  if (id !== recoveryPointId || archiveStoreId === null) return (await repositoryOf(context)).recoveryPoint(id)
  if (tenantId === null) throw new Error('an archive belongs to a tenant')
  return (await context.repositories.archives.repository(archiveStoreId, tenantId)).recoveryPoint(id)
}

/** From the archive no more is read than what is another than in the datastore. */
async function differenceOf(
  context: Context,
  from: RecoveryPoint,
  to: RecoveryPoint,
  target: string,
): Promise<DiskWriting> {
  if (context.input.archiveStoreId === null) {
    const repository = await repositoryOf(context)
    const { changedBytes } = await repository.difference(from, to, target)
    return { target, bytes: changedBytes, parts: repository.readChanges(from, to, target) }
  }
  const [near, far] = to.id === context.input.recoveryPointId ? [from, to] : [to, from]
  const changed: number[] = []
  for await (const { index } of unlikeChunks(near, far, target)) changed.push(index)
  return { target, bytes: changed.length * chunkBytes, parts: to.chunks(target, changed) }
}

/** Of the recovery point, those that were asked for. @throws conflict when the VM has not all of them */
async function chosenDisks(context: Context): Promise<string[]> {
  const { vm, facts } = await vmWithDisks(context)
  const { recoveryPointId, disks } = context.input
  const point = await pointOf(context, recoveryPointId)
  const all = point.description.disks.map(({ name, sizeBytes }) => ({ target: name, sizeBytes }))
  await point.close()
  return disksToRestore(vm.name, facts.disks, all, disks).map(({ target }) => target)
}
