import { expect, test } from 'vitest'
import type { VmRow } from '#server/schema/vm.ts'
import { isNear, keepRows, rowsOf } from './vm-pages.ts'

const row = (id: string, state = 'running') => ({ id, state, tags: ['a'] }) as unknown as VmRow
const page = (ids: string, isOld = false) => ({ rows: [...ids].map((id) => row(id)), nextCursor: null, isOld })
const ids = (rows: readonly VmRow[]) => rows.map(({ id }) => id).join('')

test('a row that went into a page read since is no longer in the old one', () => {
  const { rows, starts } = rowsOf([page('abc'), page('dbe', true), page('fg')])
  expect(ids(rows)).toBe('abcdefg')
  expect(starts).toEqual([0, 3, 5, 7])
})

test('a row that is in two old pages stands in one of them', () => {
  const { rows, starts } = rowsOf([page('ab'), page('cde', true), page('fcg', true)])
  expect(ids(rows)).toBe('abcdefg')
  expect(starts).toEqual([0, 2, 5, 7])
})

test('pages of rows in view or beside them are read again, the others when they come near', () => {
  const starts = [0, 100, 200, 300, 300, 400]
  const near = (first: number, end: number) => [0, 1, 2, 3, 4].filter((at) => isNear(starts, at, { first, end }))
  expect(near(0, 0)).toEqual([0])
  expect(near(40, 70)).toEqual([0])
  expect(near(60, 90)).toEqual([0, 1])
  expect(near(130, 160)).toEqual([1])
  // One that has lost its rows too: others may have come into it.
  expect(near(270, 310)).toEqual([2, 3, 4])
})

test('rows that are as before stay themselves, wherever they stand now', () => {
  const before = page('abc')
  const kept = keepRows(before, { rows: [row('x'), row('a'), row('b', 'off'), row('c')], nextCursor: 'next' })
  expect(kept.rows[1]).toBe(before.rows[0])
  expect(kept.rows[3]).toBe(before.rows[2])
  expect(kept.rows[2]).toEqual(row('b', 'off'))
  expect(kept.nextCursor).toBe('next')
})
