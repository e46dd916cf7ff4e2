import { expect, test } from 'vitest'
import { whyUnusable } from './recovery-point-words.ts'

test('a recovery point is of no use where it is damaged, or valid in the archive alone', () => {
  expect(whyUnusable({ invalidAt: null, damage: null })).toBeUndefined()
  const damage = { text: '3 of its blocks are damaged.' }
  expect(whyUnusable({ invalidAt: null, damage })).toBe(damage.text)
  expect(whyUnusable({ invalidAt: '2026-01-01T00:00:00.000Z', damage })).toMatch(/restore it from the archive/)
})
