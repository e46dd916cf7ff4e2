import { Cron } from 'croner'
import { lastMonthday, type ScheduleTime } from '#server/schema/schedule.ts'

/** As a crontab's line: minute, hour, day of the month, month, day of the week. */
export function cronOf({ every, minute, hour, weekday, monthday }: ScheduleTime): string {
  if (every === 'hour') return `${minute} * * * *`
  if (every === 'day') return `${minute} ${hour} * * *`
  if (every === 'week') return `${minute} ${hour} * * ${weekday % 7}`
  return `${minute} ${hour} ${monthday === lastMonthday ? 'L' : monthday} * *`
}

/** When it is due for the first time after `after`; in its own time zone, so that 03:00 stays 03:00 in summer. */
export function nextDue(time: ScheduleTime, after: Date): Date {
  const next = new Cron(cronOf(time), { timezone: time.timeZone, paused: true }).nextRun(after)
  if (!next) throw new Error(`${cronOf(time)} never comes`)
  return next
}

/** When it was due for the last time, at `before` or earlier. */
export function lastDue(time: ScheduleTime, before: Date): Date {
  // croner looks at whole seconds before its reference.
  const [last] = new Cron(cronOf(time), { timezone: time.timeZone, paused: true }).previousRuns(
    1,
    new Date(Math.floor(before.getTime() / 1000) * 1000 + 1000),
  )
  if (!last) throw new Error(`${cronOf(time)} never came`)
  return last
}

/** The first of several. */
export const nextOfAll = (times: readonly ScheduleTime[], after: Date): Date =>
  new Date(Math.min(...times.map((time) => nextDue(time, after).getTime())))

/** The last of several. */
export const lastOfAll = (times: readonly ScheduleTime[], before: Date): Date =>
  new Date(Math.max(...times.map((time) => lastDue(time, before).getTime())))
