import { expect, test } from 'vitest'
import { lineChanges } from './line-changes.ts'

const shown = (before: string, after: string) =>
  lineChanges(before, after).map(({ kind, text }) => `${kind === 'gone' ? '-' : '+'}${text}`)

test('of two texts the lines that one alone has, in their order', () => {
  expect(shown('a\nb\nc\n', 'a\nb\nc')).toEqual([])
  expect(shown('a\nb\nc', 'a\nx\nb\nc')).toEqual(['+x'])
  expect(shown('a\nb\nc', 'a\nc')).toEqual(['-b'])
  expect(shown('a\nb\nc\nd\ne', 'a\nB\nc\nd\nE')).toEqual(['-b', '+B', '-e', '+E'])
  expect(shown('', 'a')).toEqual(['-', '+a'])
})

test('what was only moved is gone in one place and new in another', () => {
  expect(shown('a\nb\nc', 'b\nc\na')).toEqual(['-a', '+a'])
})
