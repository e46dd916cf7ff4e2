import { expect, test } from 'vitest'
import { rateOf } from './restore-rate.ts'

test('the rate is of all runs together, not the mean of their rates', () => {
  expect(
    rateOf([
      { bytes: 1_000, ms: 1_000 },
      { bytes: 9_000, ms: 1_000 },
    ]),
  ).toEqual({
    ...{ bytesPerSecond: 5_000, isAssumed: false },
  })
})

test('without a run it is an assumption, and says so', () => {
  expect(rateOf([])).toMatchObject({ isAssumed: true })
  expect(rateOf([{ bytes: 5, ms: 0 }])).toMatchObject({ isAssumed: true })
})
