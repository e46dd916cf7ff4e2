import { DBOS } from '@dbos-inc/dbos-sdk'
import type { Logger } from 'pino'
import type { Db } from '#server/db.ts'
import { endOperation, failedInside } from './record.ts'

const startGraceMs = 30_000

/**
 * Gives the work of workers without a heartbeat back to the queue, where any worker takes it up at the step it stood
 * at. Also closes operations whose durable run ended or vanished without closing them.
 */
export async function adoptDeadWorkers(db: Db, log: Logger, workerId: string, deadAfterMs: number): Promise<void> {
  const alive = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM worker WHERE heartbeat_at > now() - ${deadAfterMs} * interval '1 millisecond'`
  const aliveIds = new Set([workerId, ...alive.map((worker) => worker.id)])
  const pending = await DBOS.listWorkflows({ status: 'PENDING', loadInput: false, loadOutput: false })
  for (const workflow of pending) {
    if (!workflow.executorId || aliveIds.has(workflow.executorId)) continue
    log.warn({ operation: workflow.workflowID, deadWorker: workflow.executorId }, 'taking over from a dead worker')
    await DBOS.resumeWorkflow(workflow.workflowID)
  }
  await closeLost(db, log)
}

async function closeLost(db: Db, log: Logger): Promise<void> {
  const open = await db.operation.findMany({
    where: { state: { in: ['running', 'cancelling'] }, startedAt: { lt: new Date(Date.now() - startGraceMs) } },
    select: { id: true, kind: true },
  })
  if (open.length === 0) return
  const workflowIDs = open.map((operation) => operation.id)
  const runs = await DBOS.listWorkflows({ workflowIDs, loadInput: false, loadOutput: false })
  const statusOf = new Map(runs.map((run) => [run.workflowID, run.status]))
  for (const { id, kind } of open) {
    const status = statusOf.get(id)
    if (status === 'PENDING' || status === 'ENQUEUED' || status === 'DELAYED') continue
    log.error({ operation: id, kind, status }, 'operation lost its run')
    await endOperation(db, id, failedInside('Skerry lost track of this operation.'))
  }
}
