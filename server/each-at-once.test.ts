import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { eachAtOnce } from './each-at-once.ts'

test('does the work for each, for so many at the same time and no more', async () => {
  const done: number[] = []
  let [atWork, most] = [0, 0]
  await eachAtOnce([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    most = Math.max(most, ++atWork)
    await turn()
    done.push(item)
    atWork--
  })
  expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(most).toBe(3)
})

test('begins nothing more after a failure, which it throws', async () => {
  const begun: number[] = []
  const work = async (item: number) => {
    begun.push(item)
    await turn()
    if (item === 2) throw new Error('the second one')
  }
  await expect(eachAtOnce([1, 2, 3, 4, 5, 6], 2, work)).rejects.toThrow('the second one')
  await turn()
  expect(begun.length).toBeLessThan(6)
  await eachAtOnce([], 2, work)
})
