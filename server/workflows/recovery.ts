import { DBOS, type WorkflowStatus } from '@dbos-inc/dbos-sdk'
import type { Logger } from 'pino'
import { livingExecutors, type WorkerLease } from '#server/core/worker-lease.ts'
import type { Db } from '#server/db.ts'
import { applicationVersion } from './application-version.ts'
import { type Ending, endOperation, failedInside } from './record.ts'

const startGraceMs = 30_000
/** So long a run waits for a worker of the version that began it. */
const upgradeGraceMs = 60_000

/** Any number names the fleet's one taking over; see the lock below. */
const turnKey = 7_305_812

/**
 * Gives the work of dead workers back to the queue, where any worker takes it up at the step it stood
 * at. Also closes operations whose durable run ended or vanished without closing them.
 */
export async function adoptDeadWorkers(db: Db, log: Logger, worker: WorkerLease): Promise<void> {
  if (!worker.isHeld) return
  await db.$transaction(
    async (tx) => {
      // One worker at a time, or what one has given back and taken up would be taken from it by another's older list.
      const [turn] = await tx.$queryRaw<{ mine: boolean }[]>`SELECT pg_try_advisory_xact_lock(${turnKey}) AS mine`
      if (!turn?.mine) return
      const living = await livingExecutors(tx, worker)
      const pending = await DBOS.listWorkflows({ status: 'PENDING', loadInput: false, loadOutput: false })
      for (const { workflowID, executorId } of pending) {
        if (!executorId || living.has(executorId)) continue
        log.warn({ operation: workflowID, deadWorker: executorId }, 'taking over from a dead worker')
        await DBOS.resumeWorkflow(workflowID)
      }
    },
    { timeout: 60_000 },
  )
  await closeLost(db, log)
}

/** The steps of its version are no longer known here; what it has done so far stands. */
const outdated: Ending = {
  state: 'failed',
  result: null,
  error: {
    code: 'conflict',
    message: 'Skerry was upgraded while this was at work, to a version that does it in other steps.',
    step: null,
    wayOut: 'See how far it came, then ask for it again.',
  },
  undone: [],
}

async function closeLost(db: Db, log: Logger): Promise<void> {
  const open = await db.operation.findMany({
    where: { state: { in: ['running', 'cancelling'] }, startedAt: { lt: new Date(Date.now() - startGraceMs) } },
    select: { id: true, kind: true },
  })
  if (open.length === 0) return
  const workflowIDs = open.map((operation) => operation.id)
  const runs = await DBOS.listWorkflows({ workflowIDs, loadInput: false, loadOutput: false })
  const runOf = new Map(runs.map((run) => [run.workflowID, run]))
  for (const { id, kind } of open) {
    const run = runOf.get(id)
    const status = run?.status
    if (run && status === 'ENQUEUED' && isLeftByUpgrade(run)) {
      log.warn(
        { operation: id, kind, version: run.applicationVersion },
        'no worker is left of the version that began it',
      )
      await DBOS.cancelWorkflow(id)
      await endOperation(db, id, outdated)
      continue
    }
    if (status === 'PENDING' || status === 'ENQUEUED' || status === 'DELAYED') continue
    log.error({ operation: id, kind, status }, 'operation lost its run')
    await endOperation(db, id, failedInside('Skerry lost track of this operation.'))
  }
}

const isLeftByUpgrade = ({ applicationVersion: version, updatedAt = Date.now() }: WorkflowStatus) =>
  version !== undefined && version !== applicationVersion && updatedAt < Date.now() - upgradeGraceMs
