import { expect, test } from 'vitest'
import { statusAfter } from './live-status.ts'

const broke = { state: 'connecting', error: new Error('The line broke') } as const
const connecting = { state: 'connecting', error: null } as const

test('a stream that connects for the first time is not lost yet', () => {
  expect(statusAfter('connecting', connecting)).toBe('connecting')
})

test('a line that broke is lost, also while it is tried again, and live when it is back', () => {
  const status = statusAfter('live', broke)
  expect(status).toBe('lost')
  expect(statusAfter(status, connecting)).toBe('lost')
  expect(statusAfter(status, broke)).toBe('lost')
  expect(statusAfter(status, { state: 'pending', error: null })).toBe('live')
})

test('one that never came about, or that the server ended, is lost', () => {
  expect(statusAfter('connecting', broke)).toBe('lost')
  expect(statusAfter('live', { state: 'idle', error: null })).toBe('lost')
})
