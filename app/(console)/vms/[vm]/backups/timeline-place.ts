export const ranges = ['day', 'week', 'month', 'year'] as const
export type Range = (typeof ranges)[number]

const dayMs = 86_400_000
const lengthMs: Record<Range, number> = { day: dayMs, week: 7 * dayMs, month: 31 * dayMs, year: 366 * dayMs }

export interface Span {
  fromMs: number
  toMs: number
}

/** The range that ends now, or so many of them earlier. */
export function spanOf(range: Range, back: number, nowMs: number): Span {
  const toMs = nowMs - back * lengthMs[range]
  return { fromMs: toMs - lengthMs[range], toMs }
}

/** Where on the axis something lies, 0 to 1. */
export const placeOf = (atMs: number, { fromMs, toMs }: Span) => (atMs - fromMs) / (toMs - fromMs)

/** From one tick to the next, by the clock on the wall. */
const stepOf: Record<Range, (at: Date) => void> = {
  day: (at) => at.setHours(at.getHours() + 3),
  week: (at) => at.setDate(at.getDate() + 1),
  month: (at) => at.setDate(at.getDate() + 5),
  year: (at) => at.setMonth(at.getMonth() + 2),
}

/** Whole hours of a day, days, and first days of months. */
export function ticksOf(range: Range, { fromMs, toMs }: Span): number[] {
  const at = new Date(fromMs)
  at.setHours(range === 'day' ? at.getHours() - (at.getHours() % 3) : 0, 0, 0, 0)
  if (range === 'year') at.setDate(1)
  const ticks: number[] = []
  for (; at.getTime() <= toMs; stepOf[range](at)) if (at.getTime() >= fromMs) ticks.push(at.getTime())
  return ticks
}

export interface Gathered<Mark> {
  place: number
  /** Oldest first */
  marks: Mark[]
}

/** Marks within the span; those that would cover each other are one. */
export function gathered<Mark extends { atMs: number }>(
  marks: readonly Mark[],
  span: Span,
  most = 48,
): Gathered<Mark>[] {
  const groups: Mark[][] = []
  let begins = Number.NEGATIVE_INFINITY
  for (const mark of marks.toSorted((a, b) => a.atMs - b.atMs)) {
    const place = placeOf(mark.atMs, span)
    if (place < 0 || place > 1) continue
    if (place - begins < 1 / most) groups.at(-1)?.push(mark)
    else {
      groups.push([mark])
      begins = place
    }
  }
  return groups.map((group) => ({
    marks: group,
    place: group.reduce((sum, { atMs }) => sum + placeOf(atMs, span), 0) / group.length,
  }))
}

/** The shortest range that shows something, so that the axis does not begin empty. */
export function firstRange(atMs: readonly number[], nowMs: number): Range {
  const newest = Math.max(0, ...atMs)
  const oldest = Math.min(nowMs, ...atMs)
  if (atMs.length === 0) return 'week'
  return ranges.find((range) => nowMs - newest <= lengthMs[range] && nowMs - oldest <= lengthMs[range] * 2) ?? 'year'
}
