import { expect, test } from 'vitest'
import { type DrawnRow, inOrder, isInOrder, ownRows, reusedRows } from './row-slot.ts'

const wanted = (first: number, end: number, activeIndex = -1, count = 1000) => ({
  window: { first, end },
  count,
  activeIndex,
})
const indexes = (rows: readonly DrawnRow[]) => rows.map(({ index }) => index)
const keyAt = (rows: readonly DrawnRow[], index: number) => rows.find((row) => row.index === index)?.key

test('what scrolls in takes the elements and the place of what scrolled out; the others keep theirs', () => {
  const before = reusedRows([], wanted(100, 105))
  expect(indexes(before)).toEqual([100, 101, 102, 103, 104])
  const after = reusedRows(before, wanted(102, 107))
  expect(indexes(after)).toEqual([105, 106, 102, 103, 104])
  expect(after.map(({ key }) => key)).toEqual(before.map(({ key }) => key))
  expect(indexes(inOrder(after))).toEqual([102, 103, 104, 105, 106])
  expect([before, after, inOrder(after)].map(isInOrder)).toEqual([true, false, true])
})

test('through any scrolling, each row is drawn once and no two share their elements', () => {
  let rows: readonly DrawnRow[] = []
  for (const first of [0, 3, 50, 49, 10, 990, 995, 0]) {
    rows = reusedRows(rows, wanted(first, first + 30, 7))
    const right = indexes(ownRows(wanted(first, first + 30, 7), String))
    expect(indexes(inOrder(rows))).toEqual(right)
    expect(new Set(rows.map(({ key }) => key)).size).toBe(right.length)
  }
})

test('the active row keeps its elements wherever it is', () => {
  const before = reusedRows([], wanted(0, 10, 7))
  const after = reusedRows(before, wanted(100, 110, 7))
  expect(indexes(inOrder(after))).toEqual([7, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109])
  expect(keyAt(after, 7)).toBe(keyAt(before, 7))
  expect(indexes(ownRows(wanted(100, 103, 999), String))).toEqual([100, 101, 102, 999])
  expect(indexes(ownRows(wanted(100, 103, 1000), String))).toEqual([100, 101, 102])
})

test('a window beyond the end of a list that became shorter is empty', () => {
  expect(reusedRows(reusedRows([], wanted(100, 130)), wanted(100, 130, -1, 40))).toEqual([])
  expect(indexes(reusedRows([], wanted(0, 30, -1, 2)))).toEqual([0, 1])
})
