import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { SharedReading } from './shared-reading.ts'

test('who asks while one is read shares the next, and nobody gets what was read before', async () => {
  const shared = new SharedReading<number>()
  let now = 0
  let readings = 0
  const read = () =>
    shared.read('all', async () => {
      readings++
      const seen = now
      await delay(20)
      return seen
    })
  const first = read()
  now = 1
  const others = Array.from({ length: 100 }, read)
  await delay(30)
  now = 2
  const last = read()
  expect(await first).toBe(0)
  expect(new Set(await Promise.all(others))).toEqual(new Set([1]))
  expect(await last).toBe(2)
  expect(readings).toBe(3)
})

test('a failed reading fails those who shared it alone; keys have nothing to do with each other', async () => {
  const shared = new SharedReading<string>()
  const broken = shared.read('a', () => Promise.reject(new Error('gone')))
  const after = shared.read('a', async () => 'fine')
  const elsewhere = shared.read('b', async () => 'other')
  await expect(broken).rejects.toThrow('gone')
  expect([await after, await elsewhere]).toEqual(['fine', 'other'])
  expect(await shared.read('a', async () => 'again')).toBe('again')
})
