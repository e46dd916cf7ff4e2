/**
 * Says what a restore in place would change: how the newest recovery point differs from the chosen one, and what the host
 * has marked as changed since. Changes nothing, and goes on beside whatever is done to the VM.
 *
 * | state                    | measure                                                                 |
 * |--------------------------|-------------------------------------------------------------------------|
 * | running, suspended       | yes                                                                     |
 * | off, or its marks are gone | what differs between the two; what has changed since is not known     |
 */
import { diskObstacle } from '#server/core/restore-disk.ts'
import { readRateOf, writeRateOf } from '#server/core/restore-rate.ts'
import { notFound } from '#server/errors.ts'
import { type RestoreMeasure, RestoreMeasurePlan } from '#server/schema/backup.ts'
import { checkpointOf } from './checkpoint-step.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { Cancelled } from './pause.ts'
import { vmWithDisks } from './vm-on-host.ts'

export const measureRestore = defineWorkflow<RestoreMeasurePlan, RestoreMeasure>({
  kind: 'measure-restore',
  input: RestoreMeasurePlan,
  result: (measure) => measure,
  steps: [{ name: 'compare', do: compare }],
})

async function compare(context: StepContext<RestoreMeasurePlan, RestoreMeasure>): Promise<RestoreMeasure> {
  const { db, input, operation, repositories, signal } = context
  const { vm, host, facts } = await vmWithDisks(context)
  const { recoveryPointId, datastoreId } = input
  const newest = await db.recoveryPoint.findFirst({
    where: { vmId: vm.id, datastoreId, tenantId: operation.tenantId },
    orderBy: { takenAt: 'desc' },
    select: { id: true, takenAt: true },
  })
  if (!newest) throw notFound('recovery point', recoveryPointId)
  const since = await host.changedSince(vm.uuid, checkpointOf(newest.id), { signal })
  const repository = await repositories.repository(datastoreId, operation.tenantId)
  const to = await repository.recoveryPoint(recoveryPointId)
  const from = newest.id === recoveryPointId ? to : await repository.recoveryPoint(newest.id)
  try {
    const disks: RestoreMeasure['disks'] = []
    for (const { name, sizeBytes } of to.description.disks) {
      if (signal.aborted) throw new Cancelled()
      const { changedBytes } = await repository.difference(from, to, name)
      const obstacle = diskObstacle(facts.disks, { target: name, sizeBytes })
      const nowBytes = facts.disks.find(({ target }) => target === name)?.capacityBytes ?? null
      disks.push({ target: name, sizeBytes, nowBytes, changedBytes, sinceBytes: since?.get(name) ?? null, obstacle })
    }
    const later = facts.disks.filter(
      (disk) => disk.device === 'disk' && !disk.readOnly && !disks.some(({ target }) => target === disk.target),
    )
    return {
      disks,
      newDisks: later.map(({ target }) => target),
      comparedWith: newest.takenAt.toISOString(),
      read: await readRateOf(db, vm.hostId),
      write: await writeRateOf(db, vm.hostId),
    }
  } finally {
    await to.close()
    if (from !== to) await from.close()
  }
}
