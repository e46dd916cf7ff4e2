import type { Logger } from 'pino'
import { askForArchival, askForExpiry } from '#server/core/archival-round.ts'
import { bootTestTurns } from '#server/core/boot-test-round.ts'
import { followTurns } from '#server/core/clone-follow.ts'
import { askForCare } from '#server/core/datastore-schedule.ts'
import { syncProtections } from '#server/core/protection-policy.ts'
import { type PolicyTurn, policyTurns } from '#server/core/protection-round.ts'
import type { Fault } from '#server/core/scheduled-request.ts'
import { askForDue } from '#server/core/snapshot-schedule.ts'
import type { Db, Tx } from '#server/db.ts'
import { sweepBootTest } from './boot-test/sweep.ts'

const defaultEveryMs = 10_000

export interface Scheduler {
  stop(): Promise<void>
}

async function inStep(tx: Tx): Promise<boolean> {
  await syncProtections(tx)
  return false
}

/** Asks for what schedules want, as soon as it is due. Any number of workers may do so at once. */
export function startScheduler({
  db,
  log,
  everyMs = defaultEveryMs,
}: {
  db: Db
  log: Logger
  everyMs?: number
}): Scheduler {
  let stopped = false
  let work = Promise.resolve()
  const turns: readonly PolicyTurn[] = [
    ...[askForDue, askForCare, inStep, ...policyTurns, ...bootTestTurns, sweepBootTest],
    ...[...followTurns, askForArchival, askForExpiry],
  ]
  const fault: Fault = (err, { id: asker }) => log.error({ err, asker }, 'a schedule could not ask')
  const untilNone = async (turn: PolicyTurn) => {
    while (!stopped && (await db.$transaction((tx) => turn(tx, new Date(), fault), { timeout: 30_000 })));
  }
  // What keeps one kind of turn from its work keeps none of the others.
  const round = async () => {
    for (const turn of turns) {
      await untilNone(turn).catch((err: Error) =>
        log.warn({ err, turn: turn.name }, 'schedules could not be looked at'),
      )
    }
  }
  const timer = setInterval(() => {
    work = work.then(round)
  }, everyMs)
  return {
    async stop() {
      stopped = true
      clearInterval(timer)
      await work
    },
  }
}
