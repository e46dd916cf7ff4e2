import type { Logger } from 'pino'
import { askForCare } from '#server/core/datastore-schedule.ts'
import { syncProtections } from '#server/core/protection-policy.ts'
import { type PolicyTurn, policyTurns } from '#server/core/protection-round.ts'
import { askForDue } from '#server/core/snapshot-schedule.ts'
import type { Db } from '#server/db.ts'

const everyMs = 10_000

export interface Scheduler {
  stop(): Promise<void>
}

/** Asks for what schedules want, as soon as it is due. Any number of workers may do so at once. */
export function startScheduler({ db, log }: { db: Db; log: Logger }): Scheduler {
  let stopped = false
  let work = Promise.resolve()
  const untilNone = async (turn: PolicyTurn) => {
    while (!stopped && (await db.$transaction((tx) => turn(tx, new Date()), { timeout: 30_000 })));
  }
  const round = async () => {
    await untilNone(askForDue)
    await untilNone(askForCare)
    await db.$transaction(syncProtections)
    for (const turn of policyTurns) await untilNone(turn)
  }
  const timer = setInterval(() => {
    work = work.then(round).catch((err: Error) => log.warn({ err }, 'schedules could not be looked at'))
  }, everyMs)
  return {
    async stop() {
      stopped = true
      clearInterval(timer)
      await work
    },
  }
}
