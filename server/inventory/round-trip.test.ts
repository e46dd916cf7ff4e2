import { expect, test } from 'vitest'
import { median } from './round-trip.ts'

test('one slow answer is no slow host', () => {
  expect(median([0.4])).toBe(0.4)
  expect(median([0.4, 900])).toBe(0.4)
  expect(median([0.5, 0.4, 900])).toBe(0.5)
})
