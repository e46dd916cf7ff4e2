import { z } from 'zod'
import { type Operation, Prisma } from '#prisma/generated/client.ts'
import { appendAudit, auditedKind } from '#server/core/audit.ts'
import { keptInput } from '#server/core/operation-input.ts'
import type { Db, Tx } from '#server/db.ts'
import type { OperationError, OperationKind } from '#server/schema/operation.ts'
import type { OperationRef } from './define.ts'

/** From where an operation's undos could not be run, and what its steps remembered. */
export const Leftover = z.object({ stepIndex: z.number().int(), memory: z.record(z.string(), z.unknown()) })
export type Leftover = z.infer<typeof Leftover>

/** How an operation ended; `undone` is in words. */
export interface Ending {
  state: 'succeeded' | 'failed' | 'cancelled'
  result: object | null
  error: OperationError | null
  undone: string[]
  /** For operators */
  errorDetail?: string | null
  leftover?: Leftover | null
}

/**
 * Marks the operation as running. What this returns is in the durable record for good, so the input is not in it.
 * @returns null when it is gone or has ended already
 */
export async function beginOperation(db: Db, id: string, stepCount: number): Promise<OperationRef | null> {
  const row = await db.operation.findUnique({ where: { id } })
  if (!row || row.finishedAt) return null
  await db.operation.updateMany({ where: { id, state: 'queued' }, data: { state: 'running' } })
  await db.operation.update({ where: { id }, data: { startedAt: row.startedAt ?? new Date(), stepCount } })
  return refOf(row)
}

/** What of an operation's row never changes while it runs. */
export function refOf(row: Operation): OperationRef {
  return {
    id: row.id,
    kind: row.kind as OperationKind,
    tenantId: row.tenantId,
    targetId: row.targetId,
    targetName: row.targetName,
    hostId: row.hostId,
    destinationHostId: row.destinationHostId,
    actor: { kind: row.actorKind, id: row.actorId, name: row.actorName },
    requestId: row.requestId,
  }
}

/** As `endInTransaction`, in one of its own. */
export const endOperation = (db: Db, id: string, ending: Ending): Promise<void> =>
  db.$transaction((tx) => endInTransaction(tx, id, ending))

/**
 * Closes the row: the lock and the reservation end with it, and what is secret in its input goes. The first ending
 * stands. One that did not come to what was asked joins the audit trail, where the asking stands as succeeded.
 */
export async function endInTransaction(tx: Tx, id: string, ending: Ending): Promise<void> {
  const row = await tx.operation.findUnique({ where: { id } })
  if (!row || row.finishedAt) return
  const { count } = await tx.operation.updateMany({
    where: { id, finishedAt: null },
    data: {
      input: keptInput(row.input),
      state: ending.state,
      phase: null,
      remainingMs: null,
      ratePerSecond: null,
      undone: ending.undone,
      result: ending.result ? (ending.result as Prisma.InputJsonObject) : Prisma.DbNull,
      error: ending.error ? (ending.error as Prisma.InputJsonObject) : Prisma.DbNull,
      finishedAt: new Date(),
    },
  })
  if (count === 0) return
  await writeTrace(tx, id, ending)
  if (ending.state !== 'succeeded') await auditEnd(tx, row, ending)
}

function auditEnd(tx: Tx, row: Operation, { state, error }: Ending): Promise<void> {
  const { actorKind, actorId, actorName, tenantId, requestId } = row
  const cancelled = row.cancelRequestedBy === null ? {} : { cancelledBy: row.cancelRequestedBy }
  return appendAudit(tx, {
    ...{ tenantId, actorKind, actorId, actorName, requestId, origin: null, userAgent: null },
    ...{ action: 'operation.end', outcome: 'failed' },
    ...{ resourceKind: auditedKind(row.targetKind), resourceId: row.targetId, resourceName: row.targetName },
    detail: { operation: row.kind, operationId: row.id, state, ...cancelled, reason: error?.message ?? null },
  })
}

async function writeTrace(tx: Tx, operationId: string, { errorDetail, leftover }: Ending): Promise<void> {
  if (!errorDetail && !leftover) return
  const kept = leftover ? (leftover as Prisma.InputJsonObject) : Prisma.DbNull
  const trace = { errorDetail: errorDetail ?? null, leftover: kept }
  await tx.operationTrace.upsert({ where: { operationId }, create: { operationId, ...trace }, update: trace })
}

export const failedInside = (message: string): Ending => ({
  state: 'failed',
  result: null,
  error: { code: 'internal', message, step: null, wayOut: 'Try again; if it goes on, tell the operator.' },
  undone: [],
})
