import { expect, test } from 'vitest'
import { roundTripText } from './round-trip.ts'

const hosts = (...values: (number | null)[]) => values.map((controlRoundTripMs) => ({ controlRoundTripMs }))

test('a site says from its nearest to its farthest host, or nothing', () => {
  expect(roundTripText(hosts())).toBe('')
  expect(roundTripText(hosts(null))).toBe('')
  expect(roundTripText(hosts(3, null))).toBe('3 ms')
  expect(roundTripText(hosts(30, 3, 12))).toBe('3 ms to 30 ms')
})
