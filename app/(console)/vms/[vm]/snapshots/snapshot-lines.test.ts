import { expect, test } from 'vitest'
import { snapshotLines } from './snapshot-lines.ts'

const shot = (name: string, parent: string | null = null, current = false) => ({ name, parent, current })
const drawn = (...snapshots: ReturnType<typeof shot>[]) =>
  snapshotLines(snapshots).map(({ snapshot, column, passing, from, goesOn }) =>
    [snapshot?.name ?? 'here', column, passing.join('+') || '-', from ?? 'start', goesOn ? 'on' : 'end'].join(' '),
  )

test('without any there is only what it is now', () => {
  expect(drawn()).toEqual(['here 0 - start end'])
})

test('one after the other in one column, and here at the end', () => {
  expect(drawn(shot('a'), shot('b', 'a'), shot('c', 'b', true))).toEqual([
    'a 0 - start on',
    'b 0 - above on',
    'c 0 - above on',
    'here 0 - above end',
  ])
})

test('after going back, what was left branches off and here goes straight on', () => {
  expect(drawn(shot('a', null, true), shot('b', 'a'), shot('c', 'b'))).toEqual([
    'a 0 - start on',
    'b 1 0 left on',
    'c 1 0 above end',
    'here 0 - above end',
  ])
  expect(drawn(shot('a'), shot('b', 'a'), shot('c', 'b'), shot('d', 'a', true))).toEqual([
    'a 0 - start on',
    'b 1 0 left on',
    'c 1 0 above end',
    'd 0 - above on',
    'here 0 - above end',
  ])
})

test('branches of a branch', () => {
  expect(drawn(shot('a', null, true), shot('b', 'a'), shot('c', 'b'), shot('d', 'b'))).toEqual([
    'a 0 - start on',
    'b 1 0 left on',
    'c 2 0+1 left end',
    'd 1 0 above end',
    'here 0 - above end',
  ])
})

test('one whose parent is not there stands at the root, and a circle ends', () => {
  expect(drawn(shot('a', 'gone', true))).toEqual(['a 0 - start on', 'here 0 - above end'])
  expect(drawn(shot('a', 'b', true), shot('b', 'a')).length).toBeLessThan(4)
})
