import { expect, test } from 'vitest'
import type { VmChange } from '#server/hypervisor/host-event.ts'
import { VmHistory } from './vm-history.ts'

const at = (ms: number) => new Date(1_700_000_000_000 + ms)

function history(...events: [vm: string, change: VmChange, ms: number][]) {
  const lines = new VmHistory()
  for (const [vm, change, ms] of events) lines.note({ kind: 'vm-changed', vm, change, detail: '' }, at(ms))
  return lines
}

const kinds = (lines: VmHistory, ...vms: string[]) => lines.take(vms).map((line) => line.kind)

test('a reset gives several reboots, of which one is told', () => {
  expect(kinds(history(['a', 'rebooted', 0], ['a', 'rebooted', 40], ['a', 'rebooted', 900]), 'a')).toEqual(['rebooted'])
  expect(kinds(history(['a', 'rebooted', 0], ['a', 'rebooted', 5000]), 'a')).toEqual(['rebooted', 'rebooted'])
  expect(kinds(history(['a', 'rebooted', 0], ['b', 'rebooted', 10]), 'a', 'b')).toEqual(['rebooted', 'rebooted'])
})

test('a start resumes first what it made ready: the start is told alone', () => {
  expect(kinds(history(['a', 'resumed', 0], ['a', 'started', 10]), 'a')).toEqual(['started'])
  expect(kinds(history(['a', 'resumed', 0], ['a', 'stopped', 4000], ['a', 'started', 5000]), 'a')).toEqual([
    'resumed',
    'stopped',
    'started',
  ])
})

test('what a person need not know is not told', () => {
  expect(kinds(history(['a', 'configured', 0], ['a', 'agent-connected', 0], ['a', 'migrated-away', 0]), 'a')).toEqual(
    [],
  )
})

test('lines that could not be written come back in their order, unless they are too old to be of use', () => {
  const lines = history(['a', 'migrated-here', 1000])
  const taken = lines.take(['a'])
  lines.note({ kind: 'vm-changed', vm: 'a', change: 'paused', detail: '' }, at(2000))
  lines.putBack(taken, at(3000))
  expect(kinds(lines, 'a')).toEqual(['migrated', 'suspended'])
  lines.putBack(taken, at(62_000))
  expect(lines.has('a')).toBe(false)
})

test('lines are taken once, and those of others stay', () => {
  const lines = history(['a', 'paused', 0], ['b', 'paused', 0])
  expect([lines.has('a'), kinds(lines, 'a'), lines.has('a'), kinds(lines, 'a', 'b')]).toEqual([
    true,
    ['suspended'],
    false,
    ['suspended'],
  ])
})
