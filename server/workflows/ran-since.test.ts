import { expect, test } from 'vitest'
import { guestRan } from './ran-since.ts'

const ran = (...events: [kind: string, second: number][]) =>
  guestRan(events.map(([kind, second]) => ({ kind, at: new Date(1_000 * second) })))

test('a guest ran when it was started or resumed, not when it was only made ready', () => {
  expect(ran()).toBe(false)
  expect(ran(['suspended', 0])).toBe(false)
  expect(ran(['started', 0], ['suspended', 0.01])).toBe(false)
  expect(ran(['started', 0], ['suspended', 0.01], ['started', 60])).toBe(true)
  expect(ran(['started', 0], ['suspended', 0.01], ['resumed', 30])).toBe(true)
  expect(ran(['started', 0], ['suspended', 30])).toBe(true)
  expect(ran(['started', 0])).toBe(true)
})
