import { expect, test } from 'vitest'
import { cronOf, lastDue, lastOfAll, nextDue, nextOfAll } from './schedule.ts'

const time = { every: 'day', minute: 30, hour: 3, weekday: 1, monthday: 1, timeZone: 'Europe/Oslo' } as const
const due = (more: Partial<Parameters<typeof nextDue>[0]>, after: string) =>
  nextDue({ ...time, ...more }, new Date(after)).toISOString()

test.each([
  ['hour', {}, '2026-11-25T18:30:00Z', '2026-11-25T19:30:00.000Z'],
  ['day', {}, '2026-11-25T02:29:59Z', '2026-11-25T02:30:00.000Z'],
  ['day', {}, '2026-11-25T02:30:00Z', '2026-11-26T02:30:00.000Z'],
  ['week', { weekday: 7 }, '2026-11-25T12:00:00Z', '2026-11-29T02:30:00.000Z'],
  ['month', { monthday: 28 }, '2026-11-25T12:00:00Z', '2026-11-28T02:30:00.000Z'],
  ['month', { monthday: 31 }, '2026-02-01T00:00:00Z', '2026-02-28T02:30:00.000Z'],
] as const)('every %s is due', (every, more, after, expected) => {
  expect(due({ ...more, every }, after)).toBe(expected)
})

test('the hour stays the same when the clocks change', () => {
  expect(due({}, '2026-03-28T12:00:00Z')).toBe('2026-03-29T01:30:00.000Z')
  expect(due({}, '2026-10-24T12:00:00Z')).toBe('2026-10-25T02:30:00.000Z')
  // 02:30 is not there on that night: it comes as soon as it can, and not twice in autumn.
  expect(due({ hour: 2 }, '2026-03-28T12:00:00Z').slice(0, 10)).toBe('2026-03-29')
  expect(due({ hour: 2 }, due({ hour: 2 }, '2026-10-24T12:00:00Z')).slice(0, 10)).toBe('2026-10-26')
})

test('Sunday is 0 in a crontab', () => {
  expect(cronOf({ ...time, every: 'week', weekday: 7 })).toBe('30 3 * * 0')
})

test.each([
  ['hour', {}, '2026-11-25T18:30:00Z', '2026-11-25T18:30:00.000Z'],
  ['hour', {}, '2026-11-25T18:29:59.999Z', '2026-11-25T17:30:00.000Z'],
  ['day', {}, '2026-11-25T02:30:00.500Z', '2026-11-25T02:30:00.000Z'],
  ['week', { weekday: 7 }, '2026-11-25T12:00:00Z', '2026-11-22T02:30:00.000Z'],
  ['month', { monthday: 31 }, '2026-03-01T00:00:00Z', '2026-02-28T02:30:00.000Z'],
  ['day', {}, '2026-03-29T12:00:00Z', '2026-03-29T01:30:00.000Z'],
] as const)('every %s was due', (every, more, before, expected) => {
  expect(lastDue({ ...time, ...more, every }, new Date(before)).toISOString()).toBe(expected)
})

test('of several times the nearest counts', () => {
  const times = [{ ...time }, { ...time, every: 'hour' as const, minute: 10 }]
  const now = new Date('2026-11-25T02:20:00Z')
  expect(nextOfAll(times, now).toISOString()).toBe('2026-11-25T02:30:00.000Z')
  expect(lastOfAll(times, now).toISOString()).toBe('2026-11-25T02:10:00.000Z')
})
