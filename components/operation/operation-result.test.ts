import { expect, test } from 'vitest'
import type { OperationRow } from '#server/schema/operation.ts'
import { outcomeText } from './operation-result.ts'
import { operationLook } from './operation-words.ts'

const ended = (kind: OperationRow['kind'], result: unknown): OperationRow => ({
  ...{ id: '1', kind, action: null, tenantId: null, targetKind: 'vm', targetId: '1', targetName: 'web' },
  ...{
    actorKind: 'user',
    actorName: 'Ada',
    parentId: null,
    state: 'succeeded',
    step: null,
    stepIndex: 0,
    stepCount: 1,
  },
  ...{ phase: null, progressDone: null, progressTotal: null, progressUnit: null, ratePerSecond: null },
  ...{ remainingMs: null, result, error: null, undone: [], cancelRequestedBy: null, hostId: null },
  ...{ destinationHostId: null, createdAt: '2026-01-01T00:00:00.000Z', startedAt: '2026-01-01T00:00:00.000Z' },
  finishedAt: '2026-01-01T00:00:05.000Z',
})

test('a boot test says how long it took, or what was wrong, which is seen to be bad', () => {
  const good = ended('boot-test-vm', { outcome: 'proven', reason: null, restoreMs: 30_000, bootMs: 11_000 })
  expect(outcomeText(good)).toBe('Boots: 30 s to restore, 11 s to boot')
  expect(operationLook(good).look).toBe('running')
  const bad = ended('boot-test-vm', { outcome: 'failed', reason: 'It crashed.', restoreMs: 1, bootMs: null })
  expect(outcomeText(bad)).toBe('It crashed.')
  expect(operationLook(bad)).toEqual({ look: 'failed', word: 'Not proven' })
})

test('a revert says of how many newer disks the VM has let go', () => {
  expect(outcomeText(ended('revert-snapshot', { kept: null, state: 'off', detached: ['vdb: web-vdb.qcow2'] }))).toBe(
    'Took 5 s · 1 newer disk detached',
  )
  expect(outcomeText(ended('revert-snapshot', { kept: null, state: 'off', detached: [] }))).toBe('Took 5 s')
})

test('a restore says what it wrote, and of a new VM what it does not have', () => {
  expect(outcomeText(ended('restore-vm', { writtenBytes: 2 ** 20, onlyDisks: null }))).toBe('Took 5 s · 1 MiB written')
  const one = { writtenBytes: 2 ** 20, onlyDisks: ['vdb'] }
  expect(outcomeText(ended('restore-vm', one))).toBe('Took 5 s · only vdb · 1 MiB written')
  const made = { writtenBytes: 0, unplugged: 1, leftOut: ['the disc in sda'] }
  expect(outcomeText(ended('restore-new-vm', made))).toBe(
    'Took 5 s · 0 B written · 1 network card unplugged · without the disc in sda',
  )
})

test('an archival says what went there, what expired, and what is locked still', () => {
  const nothing = { archived: 0, archivedBytes: 0, expired: 0, locked: null }
  expect(outcomeText(ended('archive-recovery-points', nothing))).toBe('Took 5 s')
  const locked = { objects: 2, bytes: 2 ** 20, until: '2027-01-05T00:00:00.000Z' }
  expect(
    outcomeText(ended('archive-recovery-points', { archived: 3, archivedBytes: 2 ** 21, expired: 2, locked })),
  ).toBe('Took 5 s · 3 archived, 2 MiB · 2 expired · 1 MiB of what has expired locked until January 5, 2027')
})

test('a backup, a verification and a compaction say what they read, stored, found and freed; damage is seen to be bad', () => {
  expect(outcomeText(ended('back-up-vm', { readBytes: 2 ** 21, storedBytes: 2 ** 20 }))).toBe(
    'Took 5 s · 2 MiB read, 1 MiB stored',
  )
  const whole = ended('verify-datastore', { checkedBytes: 2 ** 20, damaged: 0, healed: 1 })
  expect(outcomeText(whole)).toBe('Took 5 s · 1 MiB read, nothing damaged, 1 part healed')
  expect(operationLook(whole)).toEqual({ look: 'running', word: 'Done' })
  const broken = ended('verify-archive-store', { checkedBytes: 2 ** 20, damaged: 2, healed: 0 })
  expect(outcomeText(broken)).toBe('Took 5 s · 1 MiB read, 2 parts damaged')
  expect(operationLook(broken)).toEqual({ look: 'failed', word: 'Damage found' })
  expect(outcomeText(ended('compact-datastore', { freedBytes: 2 ** 20 }))).toBe('Took 5 s · 1 MiB freed')
  expect(outcomeText(ended('compact-datastore', { freedBytes: 0 }))).toBe('Took 5 s · nothing to free')
})

test('what was not done for each of many does not look as if it were', () => {
  const item = (name: string, state: string) => ({ id: name, name, state })
  const partly = ended('bulk-vm', { items: [item('a', 'succeeded'), item('b', 'refused')] })
  expect(outcomeText(partly)).toBe('1 done, 1 not · Took 5 s')
  expect(operationLook(partly)).toEqual({ look: 'degraded', word: 'Partly done' })
  expect(operationLook(ended('bulk-vm', { items: [item('a', 'succeeded')] })).word).toBe('Done')
  const items = [item('a', 'failed'), item('b', 'refused')]
  for (const kind of ['bulk-vm', 'drain-host'] as const) {
    expect(operationLook(ended(kind, { items }))).toEqual({ look: 'failed', word: 'Not done' })
    expect(operationLook(ended(kind, { items: [] })).word).toBe('Done')
  }
})

test('a migration says how long the VM stood still, in minutes where its memory was saved', () => {
  const moved = { from: 'a', to: 'b', live: true, tls: true, postCopy: false, downtimeMs: 180, bytes: 2 ** 30 }
  expect(outcomeText(ended('migrate-vm', moved))).toBe('Took 5 s · stopped for 180 ms · 1 GiB')
  const stood = { ...moved, live: false, saved: true, downtimeMs: 75_000 }
  expect(outcomeText(ended('migrate-vm', stood))).toBe('Took 5 s · stopped for 1 min 15 s · 1 GiB')
  expect(outcomeText(ended('migrate-vm', { ...moved, live: false }))).toBe('Took 5 s · 1 GiB')
})
