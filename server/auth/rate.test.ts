import { expect, test } from 'vitest'
import { createBuckets, TooMany } from './rate.ts'

test('a burst, then the steady rate, each key for itself', () => {
  let time = 0
  const take = createBuckets(3, 60, () => time)
  for (let i = 0; i < 3; i += 1) take('a')
  expect(() => take('a')).toThrow(TooMany)
  expect(() => take('b')).not.toThrow()
  time += 1_000
  expect(() => take('a')).not.toThrow()
  expect(() => take('a')).toThrow(/too often/)
  time += 3_600_000
  for (let i = 0; i < 3; i += 1) take('a')
  expect(() => take('a')).toThrow(TooMany)
})

test('the wait it names is enough', () => {
  let time = 0
  const take = createBuckets(1, 6, () => time)
  take('a')
  try {
    take('a')
    expect.unreachable()
  } catch (error) {
    expect(error).toBeInstanceOf(TooMany)
    time += (error as TooMany).retryAfterSeconds * 1_000
  }
  expect(() => take('a')).not.toThrow()
})
