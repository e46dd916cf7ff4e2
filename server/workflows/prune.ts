import { DBOS } from '@dbos-inc/dbos-sdk'
import type { Logger } from 'pino'
import type { Db } from '#server/db.ts'

/** How long what has ended is kept. The audit trail is kept for good. */
export interface Keep {
  operationDays: number
  eventDays: number
}

/** The durable record of an operation that has ended serves nobody; for a week it may explain what went wrong. */
const runDays = 7
/** A worker of a name that never came back */
const workerDays = 7
/** Few enough that nobody waits for one batch. */
const batchSize = 500
/** Any number names the fleet's one pruning; see the lock below. */
const turnKey = 7_305_813
const dayMs = 86_400_000

export interface Pruned {
  operations: number
  events: number
  runs: number
  bootTests: number
}

/**
 * Removes what is older than it is kept, some at a time. One worker at a time does so.
 * @returns how many rows went, or null when another worker is at it
 */
export async function prune(db: Db, keep: Keep, log: Logger): Promise<Pruned | null> {
  return db.$transaction(
    async (tx) => {
      // The transaction holds the turn alone: the batches are each their own, outside of it.
      const [turn] = await tx.$queryRaw<{ mine: boolean }[]>`SELECT pg_try_advisory_xact_lock(${turnKey}) AS mine`
      if (!turn?.mine) return null
      const pruned = {
        operations: await untilNone(() => pruneOperations(db, before(keep.operationDays))),
        events: await untilNone(() => pruneEvents(db, before(keep.eventDays))),
        runs: await untilNone(() => pruneRuns(before(Math.min(runDays, keep.operationDays)))),
        bootTests: await untilNone(() => pruneBootTests(db, before(keep.eventDays))),
      }
      await db.$executeRaw`DELETE FROM worker WHERE heartbeat_at < ${before(workerDays)}`
      if (Object.values(pruned).some((count) => count > 0)) log.info(pruned, 'removed what is older than it is kept')
      return pruned
    },
    { timeout: 3_600_000 },
  )
}

const before = (days: number) => new Date(Date.now() - days * dayMs)

async function untilNone(batch: () => Promise<number>): Promise<number> {
  let total = 0
  for (;;) {
    const count = await batch()
    total += count
    if (count === 0) return total
  }
}

/**
 * Those of a bulk go before it, or each of them would have to be told that it is gone. One that left something behind
 * is kept: only it knows how to clean that up. After a restore, so is what tells what has become of the disks since.
 */
const pruneOperations = (db: Db, limit: Date) => db.$executeRaw`
  DELETE FROM operation WHERE id IN (
    SELECT id FROM operation
    WHERE created_at < ${limit} AND finished_at < ${limit}
      AND NOT EXISTS (SELECT FROM operation AS child WHERE child.parent_id = operation.id)
      AND NOT EXISTS (SELECT FROM operation_trace WHERE operation_id = operation.id AND leftover IS NOT NULL)
      AND NOT (kind IN ('restore-vm', 'revert-snapshot', 'power-vm') AND EXISTS (
        SELECT FROM operation AS untidy JOIN operation_trace ON operation_id = untidy.id
        WHERE untidy.kind = 'restore-vm' AND untidy.target_id = operation.target_id AND untidy.id < operation.id
          AND leftover IS NOT NULL))
    ORDER BY created_at LIMIT ${batchSize} FOR UPDATE SKIP LOCKED)`

/** Ids begin with the time of their making, so that the key finds what is old. What is kept is for the same clean-up. */
const pruneEvents = (db: Db, limit: Date) => db.$executeRaw`
  DELETE FROM vm_event WHERE id IN (
    SELECT id FROM vm_event WHERE id < ${firstIdAt(limit)}::uuid AND at < ${limit}
      AND NOT (kind IN ('started', 'suspended', 'resumed') AND EXISTS (
        SELECT FROM operation AS untidy JOIN operation_trace ON operation_id = untidy.id
        WHERE untidy.kind = 'restore-vm' AND untidy.target_id = vm_id::text AND untidy.finished_at <= at
          AND leftover IS NOT NULL))
    ORDER BY id LIMIT ${batchSize} FOR UPDATE SKIP LOCKED)`

/** Of VMs of which nothing is left, neither they nor a recovery point: what their guests showed is nobody's any more. */
const pruneBootTests = (db: Db, limit: Date) => db.$executeRaw`
  DELETE FROM boot_test WHERE id IN (
    SELECT id FROM boot_test AS test
    WHERE vm_id IS NULL AND asked_at < ${limit} AND machine_gone
      AND NOT EXISTS (SELECT FROM recovery_point WHERE vm_uuid = test.vm_uuid)
      AND NOT EXISTS (SELECT FROM archived_point WHERE vm_uuid = test.vm_uuid)
    LIMIT ${batchSize} FOR UPDATE SKIP LOCKED)`

function firstIdAt(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}

async function pruneRuns(limit: Date): Promise<number> {
  const ended = await DBOS.listWorkflows({
    status: ['SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'],
    completedBefore: limit.toISOString(),
    limit: batchSize,
    loadInput: false,
    loadOutput: false,
  })
  if (ended.length > 0) await DBOS.deleteWorkflows(ended.map((run) => run.workflowID))
  return ended.length
}
