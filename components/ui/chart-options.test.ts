import { expect, test } from 'vitest'
import { formatTick, withAlpha } from './chart-options.ts'

const at = (...parts: [number, number, number, number?, number?, number?]) => new Date(...parts).getTime() / 1000

test('ticks say the day only where it changes', () => {
  expect(formatTick(at(2026, 2, 9, 14, 5), 300)).toBe('14:05')
  expect(formatTick(at(2026, 2, 9, 14, 5, 30), 30)).toBe('14:05:30')
  expect(formatTick(at(2026, 2, 9), 3600)).toBe('9 Mar')
  expect(formatTick(at(2026, 2, 9, 12), 86_400)).toBe('9 Mar')
})

test('an alpha fits both notations', () => {
  expect(withAlpha('oklch(0.5 0.1 200)', 0.1)).toBe('oklch(0.5 0.1 200 / 0.1)')
  expect(withAlpha('rgb(1, 2, 3)', 0.1)).toBe('rgb(1, 2, 3, 0.1)')
})
