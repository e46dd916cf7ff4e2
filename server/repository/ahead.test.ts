import { expect, test } from 'vitest'
import { ahead } from './ahead.ts'
import { collected } from './testing/scratch.ts'

test('work is begun for so many before the first is taken, and given in order', async () => {
  const begun: number[] = []
  const work = ahead([1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item)
    return item * 10
  })
  expect((await work.next()).value).toBe(10)
  expect(begun).toEqual([1, 2, 3])
  expect(await collected(work)).toEqual([20, 30, 40, 50])
})

test('a failure of the work or of the items is told when its turn comes', async () => {
  async function* items() {
    yield* [1, 2]
    throw new Error('no more')
  }
  const taken: number[] = []
  const take = async (work: AsyncIterable<number>) => {
    for await (const item of work) taken.push(item)
  }
  await expect(take(ahead(items(), 5, async (item) => item))).rejects.toThrow('no more')
  expect(taken.splice(0)).toEqual([1, 2])
  const failsAtTwo = async (item: number) => {
    if (item === 2) throw new Error('two')
    return item
  }
  await expect(take(ahead([1, 2, 3], 5, failsAtTwo))).rejects.toThrow('two')
  expect(taken).toEqual([1])
})
