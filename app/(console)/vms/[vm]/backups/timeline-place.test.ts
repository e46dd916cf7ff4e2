import { expect, test } from 'vitest'
import { firstRange, gathered, ranges, spanOf, ticksOf } from './timeline-place.ts'

const now = Date.parse('2026-06-30T00:00:00Z')
const hours = (count: number) => ({ atMs: now - count * 3_600_000 })

test('marks lie where they belong; what lies outside does not show', () => {
  const found = gathered([hours(1), hours(12), hours(25), hours(-1)], spanOf('day', 0, now))
  expect(found.map(({ place }) => Math.round(place * 24))).toEqual([12, 23])
})

test('marks that would cover each other are one, oldest first', () => {
  const found = gathered([hours(1), hours(1.1), hours(20)], spanOf('day', 0, now))
  expect(found.map(({ marks }) => marks.length)).toEqual([1, 2])
  expect(found[1]?.marks.map(({ atMs }) => atMs)).toEqual([hours(1.1).atMs, hours(1).atMs])
})

test('a range back shows the time before', () => {
  expect(gathered([hours(30)], spanOf('day', 1, now))).toHaveLength(1)
})

test('it begins with a range that shows what there is', () => {
  expect(firstRange([], now)).toBe('week')
  expect(firstRange([hours(3).atMs], now)).toBe('day')
  expect(firstRange([hours(24 * 20).atMs], now)).toBe('month')
  expect(firstRange([hours(24 * 300).atMs, hours(1).atMs], now)).toBe('year')
})

test('ticks lie within the span, a few of them, at round times of the clock on the wall', () => {
  const odd = now + 17 * 60_000 + 3_000
  for (const range of ranges) {
    const span = spanOf(range, 0, odd)
    const ticks = ticksOf(range, span)
    expect(ticks.length, range).toBeGreaterThanOrEqual(6)
    expect(ticks.length, range).toBeLessThanOrEqual(9)
    for (const atMs of ticks) {
      expect(atMs >= span.fromMs && atMs <= span.toMs).toBe(true)
      const at = new Date(atMs)
      expect([at.getMinutes(), at.getSeconds(), at.getHours() % 3]).toEqual([0, 0, 0])
      if (range !== 'day') expect(at.getHours()).toBe(0)
      if (range === 'year') expect(at.getDate()).toBe(1)
    }
  }
})
