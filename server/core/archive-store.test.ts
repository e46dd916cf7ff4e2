import { expect, test } from 'vitest'
import { recallOf } from './archive-store.ts'

const store = { currency: 'EUR', pricePerGbRead: 0.09, firstByteSeconds: 3600 }

test('getting something back costs what is read, and takes its first byte and then the rest of it', () => {
  expect(recallOf(2_500_000_000, store, 100e6)).toEqual({
    ...{ readBytes: 2_500_000_000, currency: 'EUR' },
    cost: expect.closeTo(0.225, 10),
    seconds: 3625,
  })
  expect(recallOf(0, store, 100e6)).toMatchObject({ cost: 0, seconds: 3600 })
  expect(recallOf(1e9, { ...store, pricePerGbRead: 0, firstByteSeconds: 0 }, 1e9)).toMatchObject({
    cost: 0,
    seconds: 1,
  })
})

test('where nothing was read yet, it is taken to be as fast as such stores are', () => {
  expect(recallOf(500e6, store).seconds).toBe(3610)
  expect(recallOf(500e6, store, undefined)).toEqual(recallOf(500e6, store, 50e6))
})
