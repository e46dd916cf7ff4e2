import { expect, test } from 'vitest'
import { Retention } from '#server/schema/protection.ts'
import { type DatedPoint, keptPoints } from './retention.ts'

const zone = 'Europe/Oslo'
const hourMs = 3_600_000
const point = (at: string | number): DatedPoint => {
  const takenAt = new Date(at)
  return { id: takenAt.toISOString(), takenAt }
}
const every = (hours: number, from: string, count: number) =>
  Array.from({ length: count }, (_, index) => point(Date.parse(from) + index * hours * hourMs))
const rules = (more: Partial<Retention>) => Retention.parse({ last: 1, ...more })
const keptIds = (points: DatedPoint[], retention: Partial<Retention>, timeZone = zone) =>
  [...keptPoints(points, rules(retention), timeZone).keys()].sort()
const days = (ids: string[]) => ids.map((id) => id.slice(0, 10))

// 365 days, at 03:00 in Oslo or an hour beside it.
const year = every(24, '2025-01-01T02:00:00Z', 365)

test('nothing to choose from is nothing to keep; one alone stays', () => {
  expect(keptIds([], { daily: 7 })).toEqual([])
  expect(keptIds(year.slice(0, 1), {})).toEqual(['2025-01-01T02:00:00.000Z'])
})

test('the newest stays whatever the rules say, in whatever order they are given', () => {
  const none = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }
  for (const points of [year, year.toReversed()]) {
    expect([...keptPoints(points, none, zone)]).toEqual([['2025-12-31T02:00:00.000Z', ['newest']]])
  }
})

test('a year of days: 7 days, 4 weeks, 12 months and 3 years are 20, each the newest of its period', () => {
  const kept = days(keptIds(year, { daily: 7, weekly: 4, monthly: 12, yearly: 3 }))
  expect(kept).toEqual([
    ...['2025-01-31', '2025-02-28', '2025-03-31', '2025-04-30', '2025-05-31', '2025-06-30', '2025-07-31'],
    ...['2025-08-31', '2025-09-30', '2025-10-31', '2025-11-30'],
    // Sundays end their weeks; the week of the 31st is not over.
    ...['2025-12-14', '2025-12-21'],
    ...['2025-12-25', '2025-12-26', '2025-12-27', '2025-12-28', '2025-12-29', '2025-12-30', '2025-12-31'],
  ])
})

test('one point says all that it stays for', () => {
  const kept = keptPoints(year, rules({ daily: 2, monthly: 1, yearly: 1 }), zone)
  expect([...kept]).toEqual([
    ['2025-12-31T02:00:00.000Z', ['newest', 'last', 'daily', 'monthly', 'yearly']],
    ['2025-12-30T02:00:00.000Z', ['daily']],
  ])
})

test('pruned after every backup of a year, as much stays as is kept of the whole year at once', () => {
  const retention = { last: 2, daily: 7, weekly: 4, monthly: 12 }
  let there: DatedPoint[] = []
  for (const next of year) {
    const kept = keptPoints([...there, next], rules(retention), zone)
    there = [...there, next].filter(({ id }) => kept.has(id))
    expect(there.at(-1)).toBe(next)
    expect(there.length).toBeLessThanOrEqual(2 + 7 + 4 + 12)
  }
  expect(there.map(({ id }) => id)).toEqual(keptIds(year, retention))
})

test('where there was none for long, earlier periods stand in: nothing goes for its age alone', () => {
  const sparse = ['2024-02-01T00:00:00Z', '2024-07-09T00:00:00Z', '2025-11-20T12:00:00Z'].map(point)
  expect(keptIds(sparse, { daily: 3 })).toHaveLength(3)
  expect(days(keptIds(sparse, { yearly: 2 }))).toEqual(['2024-07-09', '2025-11-20'])
})

test('days are those of the time zone', () => {
  // 23:30 and 00:30 in Oslo: two days there, one in London.
  const points = ['2025-06-10T21:30:00Z', '2025-06-10T22:30:00Z'].map(point)
  expect(keptIds(points, { daily: 2 })).toHaveLength(2)
  expect(keptIds(points, { daily: 2 }, 'Europe/London')).toEqual(['2025-06-10T22:30:00.000Z'])
})

test('the hour that comes twice in autumn is two; the one that is left out in spring is none', () => {
  const autumn = every(0.5, '2025-10-26T00:00:00Z', 6)
  expect(keptIds(autumn, { hourly: 24 }).map((id) => id.slice(11, 16))).toEqual(['00:30', '01:30', '02:30'])
  expect(keptIds(every(0.5, '2025-03-30T00:00:00Z', 6), { hourly: 24 })).toHaveLength(3)
})

test('weeks begin on Monday and go on over the new year', () => {
  const points = every(24, '2025-12-28T12:00:00Z', 9)
  expect(days(keptIds(points, { weekly: 3 }))).toEqual(['2025-12-28', '2026-01-04', '2026-01-05'])
})

test('a year of hours: 48 hours, 14 days, 8 weeks, 6 months', () => {
  const hours = every(1, '2024-12-31T23:00:00Z', 365 * 24)
  const kept = keptIds(hours, { hourly: 48, daily: 14, weekly: 8, monthly: 6 })
  expect(kept.filter((id) => id > '2025-12-29T22:30')).toHaveLength(48)
  // Two of the days have hours, three of the weeks' Sundays are among the days or hours, and the last of November is one.
  expect(kept).toHaveLength(48 + 12 + 5 + 4)
})
