import { expect, test } from 'vitest'
import { applySuggestion, type FilterToken, segmentFilter } from './filter-token.ts'

const text = 'state:running web'
const tokens: FilterToken[] = [
  { start: 0, end: 5, kind: 'key' },
  { start: 5, end: 6, kind: 'operator' },
  { start: 6, end: 13, kind: 'value' },
  { start: 14, end: 17, kind: 'text' },
]

test('segments cover the text in order', () => {
  const segments = segmentFilter(text, tokens)
  expect(segments.map((segment) => segment.text).join('')).toBe(text)
  expect(segments.map((segment) => segment.kind)).toEqual(['key', 'operator', 'value', 'plain', 'text'])
})

test('stale tokens never lose or double a letter', () => {
  for (const typed of ['', 'st', 'state:running web and more', 'x'.repeat(40)]) {
    const overlapping: FilterToken[] = [...tokens, { start: 3, end: 9, kind: 'error' }]
    expect(
      segmentFilter(typed, overlapping)
        .map((segment) => segment.text)
        .join(''),
    ).toBe(typed)
  }
})

test('a suggestion replaces the word being typed', () => {
  const suggestion = { id: 's', label: 'running', text: 'running', replaceStart: 6, replaceEnd: 9 }
  expect(applySuggestion('state:run', suggestion)).toEqual({ text: 'state:running ', caret: 14 })
  expect(applySuggestion('state:run web', suggestion)).toEqual({ text: 'state:running web', caret: 14 })
})

test('a key waits for its value right behind it', () => {
  const suggestion = { id: 'k', label: 'state', text: 'state:', replaceStart: 0, replaceEnd: 2 }
  expect(applySuggestion('st', suggestion)).toEqual({ text: 'state:', caret: 6 })
})
