import { expect, test } from 'vitest'
import type { Candidate, DiskMove, MovingVm } from './migration-preview.ts'
import type { Judged } from './migration-storage.ts'
import { suspendedReasons } from './migration-suspended.ts'

const moving = (state: string, snapshots: { storage: string }[] = []) =>
  ({ hostId: 'a', state, snapshots }) as unknown as MovingVm
const to = (hypervisorVersion: string | null, id = 'b') => ({ id, hypervisorVersion }) as Candidate
const disks = (...modes: DiskMove['mode'][]) =>
  modes.map((mode, at) => ({ disk: { target: `vd${'ab'[at]}` }, move: { mode } })) as Judged[]

test('a suspended VM does not move with a disk that is not copied, before QEMU 10', () => {
  const why = /^Moved while it is suspended it would lose hold of vda until it is resumed/
  for (const mode of ['shared', 'present', 'uploaded'] as const) {
    expect(suspendedReasons(moving('paused'), disks(mode, 'copied'), to('7.2.19'))).toEqual([
      expect.stringMatching(why),
    ])
  }
  expect(suspendedReasons(moving('paused'), disks('shared'), to(null))).toEqual([expect.stringMatching(why)])
  expect(suspendedReasons(moving('paused'), disks('shared'), to('10.0.0'))).toEqual([])
})

test('it moves when its disks are copied or have no medium, or it stands still in a file; one that runs or is off always', () => {
  expect(suspendedReasons(moving('paused'), disks('copied', 'empty'), to('7.2.19'))).toEqual([])
  const inside = [{ storage: 'internal' }]
  expect(suspendedReasons(moving('paused', inside), disks('copied', 'present'), to('7.2.19'))).toEqual([])
  for (const state of ['running', 'off'])
    expect(suspendedReasons(moving(state), disks('shared'), to('7.2.19'))).toEqual([])
  expect(suspendedReasons(moving('paused'), disks('shared'), to('7.2.19', 'a'))).toEqual([])
})
