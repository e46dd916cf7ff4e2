import { z } from 'zod'

export const intervals = ['hour', 'day', 'week', 'month'] as const
export type Interval = (typeof intervals)[number]
/** The last day of a month, however long it is. */
export const lastMonthday = 31

export const TimeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, 'There is no time zone of this name: give one such as Europe/Oslo.')

export const ScheduleMoment = z.object({
  every: z.enum(intervals),
  minute: z.number().int().min(0).max(59),
  hour: z.number().int().min(0).max(23).default(0),
  /** 1 is Monday */
  weekday: z.number().int().min(1).max(7).default(1),
  monthday: z
    .number()
    .int()
    .refine(
      (day) => (day >= 1 && day <= 28) || day === lastMonthday,
      'Give a day from 1 to 28, or 31 for the last one.',
    )
    .default(1),
})
export type ScheduleMoment = z.infer<typeof ScheduleMoment>

/** When something is done again and again, by the clock of a time zone. */
export const ScheduleTime = ScheduleMoment.extend({ timeZone: TimeZone })
export type ScheduleTime = z.infer<typeof ScheduleTime>

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
