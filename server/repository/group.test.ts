import { expect, test } from 'vitest'
import { inBatches, inGroups } from './group.ts'

test('batches hold so many, the last what is left', () => {
  expect([...inBatches([1, 2, 3, 4, 5], 2)]).toEqual([[1, 2], [3, 4], [5]])
  expect([...inBatches([], 2)]).toEqual([])
})

test('a group ends where the next item does not fit', () => {
  const rising = inGroups([1, 2, 2, 5, 1], (group, next) => next > (group.at(-1) ?? 0))
  expect([...rising]).toEqual([[1, 2], [2, 5], [1]])
})
