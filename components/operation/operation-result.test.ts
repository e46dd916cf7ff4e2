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

test('a restore says what it wrote, and of a new VM what it does not have', () => {
  expect(outcomeText(ended('restore-vm', { writtenBytes: 2 ** 20 }))).toBe('Took 5 s · 1 MiB written')
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
