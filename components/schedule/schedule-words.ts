import { type Interval, lastMonthday, type ScheduleMoment } from '#server/schema/schedule.ts'

export const intervalWord: Record<Interval, string> = { hour: 'Hourly', day: 'Daily', week: 'Weekly', month: 'Monthly' }
export const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

const two = (value: number) => String(value).padStart(2, '0')

/** "Every week on Sunday at 03:30". */
export function scheduleText(time: ScheduleMoment): string {
  const at = `at ${two(time.hour)}:${two(time.minute)}`
  if (time.every === 'hour') return `Every hour at minute ${two(time.minute)}`
  if (time.every === 'day') return `Every day ${at}`
  if (time.every === 'week') return `Every week on ${weekdays[time.weekday - 1]} ${at}`
  return `Every month on ${time.monthday === lastMonthday ? 'the last day' : `day ${time.monthday}`} ${at}`
}

/** How far back the oldest that is kept lies. */
export function reachText(every: Interval, keepCount: number): string {
  const units: Record<Interval, [string, string]> = {
    hour: ['hour', 'hours'],
    day: ['day', 'days'],
    week: ['week', 'weeks'],
    month: ['month', 'months'],
  }
  const [one, many] = units[every]
  return `keeps ${keepCount}, ${keepCount} ${keepCount === 1 ? one : many} back`
}
