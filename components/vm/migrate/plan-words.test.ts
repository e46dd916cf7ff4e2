import { expect, test } from 'vitest'
import { planSummary, reasonToWait } from './plan-words.ts'

const moves = (...ways: ('live' | 'saved' | 'off' | null)[]) => planSummary(ways.map((way) => ({ way })))

test('a plan counts those that move live apart from those that are off, and names no way that none takes', () => {
  expect(moves('live', 'off', 'live', null, 'saved')).toBe(
    '2 VMs move live, 1 VM is off and moves with its disks, 1 VM stands still while it moves, 1 VM stays',
  )
  expect(moves('off', 'off', 'saved', 'saved')).toBe(
    '2 VMs are off and move with their disks, 2 VMs stand still while they move',
  )
  expect(moves(null, null)).toBe('2 VMs stay')
  expect(moves('live')).toBe('1 VM moves live')
})

test('a plan that is not shown, or is read again, can’t be agreed to', () => {
  expect(reasonToWait({ isFetching: false, isError: false })).toBeUndefined()
  expect(reasonToWait({ isFetching: true, isError: false })).toBeDefined()
  expect(reasonToWait({ isFetching: true, isError: true })).toBeDefined()
  expect(reasonToWait({ isFetching: false, isError: true })).toBeDefined()
})
