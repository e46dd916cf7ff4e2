import type { Logger } from 'pino'
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
  const round = async () => {
    while (!stopped && (await db.$transaction((tx) => askForDue(tx, new Date()))));
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
