import { type Retention, type RetentionRule, retentionRules } from '#server/schema/protection.ts'

export interface DatedPoint {
  id: string
  takenAt: Date
}

/** Why a recovery point stays: a rule, or that there is no newer one. */
export type Reason = RetentionRule | 'newest'

/**
 * Which recovery points stay, and why: of each of the last so many hours, days, weeks, months and years that have one,
 * by the clock of the time zone, the newest. Rules overlap, as a year's last is also a month's. The newest of all always
 * stays. Whatever is not in the answer goes.
 */
export function keptPoints(
  points: readonly DatedPoint[],
  retention: Retention,
  timeZone: string,
): Map<string, readonly Reason[]> {
  const newestFirst = points.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.id < b.id ? 1 : -1))
  const reasons = new Map<string, Reason[]>()
  const keep = ({ id }: DatedPoint, reason: Reason) => reasons.set(id, [...(reasons.get(id) ?? []), reason])
  const [newest] = newestFirst
  if (newest) keep(newest, 'newest')
  const periodsOf = periodsIn(timeZone)
  const periods = newestFirst.map((point) => periodsOf(point))
  for (const rule of retentionRules) {
    const seen = new Set<string>()
    for (const [index, point] of newestFirst.entries()) {
      if (seen.size >= retention[rule]) break
      const period = periods[index]?.[rule] ?? point.id
      if (seen.has(period)) continue
      seen.add(period)
      keep(point, rule)
    }
  }
  return reasons
}

const dayMs = 86_400_000

/** The names of the periods that a moment lies in, by a time zone's clock. Weeks begin on Monday. */
function periodsIn(timeZone: string): (point: DatedPoint) => Record<RetentionRule, string> {
  const format = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit' },
    // An hour that comes twice in autumn is two hours.
    timeZoneName: 'longOffset',
  })
  return ({ id, takenAt }) => {
    const part = Object.fromEntries(format.formatToParts(takenAt).map(({ type, value }) => [type, value]))
    const [year, month] = [String(part.year), `${part.year}-${part.month}`]
    const day = `${month}-${part.day}`
    const dayNumber = Math.floor(Date.parse(`${day}T00:00:00Z`) / dayMs)
    return {
      last: id,
      hourly: `${day} ${part.hour} ${part.timeZoneName}`,
      daily: day,
      // Day 0 was a Thursday.
      weekly: `week ${Math.floor((dayNumber + 3) / 7)}`,
      monthly: month,
      yearly: year,
    }
  }
}
