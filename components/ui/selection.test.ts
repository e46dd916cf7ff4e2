import { expect, test } from 'vitest'
import { selectionExtent, toggleAll, toggleOne, toggleRange } from './selection.ts'

const ids = ['a', 'b', 'c', 'd', 'e']
const sorted = (selection: ReadonlySet<string>) => [...selection].sort().join('')

test('one is turned on and off without touching the set given', () => {
  const before = new Set(['a'])
  expect(sorted(toggleOne(before, 'b'))).toBe('ab')
  expect(sorted(toggleOne(before, 'a'))).toBe('')
  expect(sorted(before)).toBe('a')
})

test('a range is filled in both directions', () => {
  expect(sorted(toggleRange(new Set(['b']), ids, 'b', 'd'))).toBe('bcd')
  expect(sorted(toggleRange(new Set(['d']), ids, 'd', 'a'))).toBe('abcd')
})

test('a range ending on a selected row is cleared', () => {
  expect(sorted(toggleRange(new Set(['a', 'b', 'c', 'e']), ids, 'a', 'c'))).toBe('e')
})

test('without a usable anchor only the target changes', () => {
  expect(sorted(toggleRange(new Set(), ids, null, 'c'))).toBe('c')
  expect(sorted(toggleRange(new Set(['x']), ids, 'gone', 'c'))).toBe('cx')
  expect(sorted(toggleRange(new Set(['x']), ids, 'a', 'gone'))).toBe('x')
})

test('all fills what is missing, then clears, and leaves the rest alone', () => {
  expect(sorted(toggleAll(new Set(['a', 'x']), ids))).toBe('abcdex')
  expect(sorted(toggleAll(new Set([...ids, 'x']), ids))).toBe('x')
  expect(sorted(toggleAll(new Set(['x']), []))).toBe('x')
})

test('the extent looks at the list alone', () => {
  expect(selectionExtent(new Set(['x']), ids)).toBe('none')
  expect(selectionExtent(new Set(['a', 'x']), ids)).toBe('some')
  expect(selectionExtent(new Set(ids), ids)).toBe('all')
  expect(selectionExtent(new Set(['x']), [])).toBe('none')
})
