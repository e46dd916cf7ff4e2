import { describe, expect, test } from 'vitest'
import {
  formatAbsoluteTime,
  formatBitsPerSecond,
  formatBytes,
  formatBytesPerSecond,
  formatCount,
  formatCounted,
  formatDuration,
  formatMilliseconds,
  formatNames,
  formatPercent,
  formatRelativeTime,
  formatUnit,
} from './format.ts'

describe('sizes and rates', () => {
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [512 * 2 ** 20, '512 MiB'],
    [2 ** 30 - 1, '1 GiB'],
    [1.5 * 2 ** 40, '1.5 TiB'],
    [-2048, '-2 KiB'],
  ])('%d bytes are %s', (sizeBytes, text) => expect(formatBytes(sizeBytes)).toBe(text))

  test('disk rates are binary, network rates decimal', () => {
    expect(formatBytesPerSecond(82.4 * 2 ** 20)).toBe('82.4 MiB/s')
    expect(formatBitsPerSecond(940e6)).toBe('940 Mbit/s')
    expect(formatBitsPerSecond(999_999)).toBe('1 Mbit/s')
    expect(formatBitsPerSecond(10e9)).toBe('10 Gbit/s')
  })

  test('the unknown is a dash, not a zero', () => {
    expect(formatBytes(null)).toBe('–')
    expect(formatUnit(undefined, 'percent')).toBe('–')
    expect(formatUnit(Number.NaN, 'bitsPerSecond')).toBe('–')
  })
})

test('milliseconds become seconds from one second up', () => {
  expect(formatMilliseconds(0.42)).toBe('0.42 ms')
  expect(formatMilliseconds(31.2)).toBe('31.2 ms')
  expect(formatMilliseconds(2500)).toBe('2.5 s')
})

test('a sliver is not shown as nothing', () => {
  expect(formatPercent(0)).toBe('0 %')
  expect(formatPercent(0.0004)).toBe('<0.1 %')
  expect(formatPercent(0.0734)).toBe('7.3 %')
  expect(formatPercent(0.996)).toBe('100 %')
})

test('counts have separated thousands', () => {
  expect(formatCount(10_000)).toBe('10,000')
  expect(formatCounted(1, 'VM')).toBe('1 VM')
  expect(formatCounted(0, 'VM')).toBe('0 VMs')
  expect(formatCounted(1200, 'policy', 'policies')).toBe('1,200 policies')
  expect(formatCount(1_234_567.5)).toBe('1,234,567.5')
  expect(formatCount(-1234)).toBe('-1,234')
})

test.each([
  [0, '0 s'],
  [0.3, '<1 s'],
  [59.6, '1 min'],
  [192, '3 min 12 s'],
  [3600, '1 h'],
  [187_200, '2 d 4 h'],
])('%d seconds last %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text))

test('names are given as far as there is room', () => {
  expect(formatNames([])).toBe('')
  expect(formatNames(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c, d, e')
  expect(formatNames(['a', 'b', 'c', 'd', 'e', 'f'])).toBe('a, b, c, d and 2 more')
  expect(formatNames(['a', 'b', 'c', 'd'], 2)).toBe('a, b and 2 more')
  expect(formatNames(['a', 'b'], 8, 1200)).toBe('a, b and 1,198 more')
})

test('relative times look both ways', () => {
  const now = Date.UTC(2026, 2, 9, 12)
  expect(formatRelativeTime(now - 400, now)).toBe('just now')
  expect(formatRelativeTime(now - 12_000, now)).toBe('12 s ago')
  expect(formatRelativeTime(now + 5 * 60_000, now)).toBe('in 5 min')
  expect(formatRelativeTime(now - 26 * 3_600_000, now)).toBe('1 d ago')
  expect(formatRelativeTime(now - 90 * 86_400_000, now)).toBe('3 months ago')
  expect(formatRelativeTime(now - 800 * 86_400_000, now)).toBe('2 y ago')
})

test('absolute times name their zone', () => {
  expect(formatAbsoluteTime(Date.UTC(2026, 2, 9, 14, 5, 7), 'UTC')).toBe('2026-03-09 14:05:07 UTC')
})
