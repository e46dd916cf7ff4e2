import { expect, test } from 'vitest'
import type { RestoreMeasure } from '#server/schema/backup.ts'
import { estimateOf, estimateSentence, rateSentence } from './restore-words.ts'

const mib = 2 ** 20
const measured = (sinceBytes: number | null): RestoreMeasure => ({
  disks: [
    { target: 'vda', sizeBytes: 100 * mib, nowBytes: 100 * mib, changedBytes: 60 * mib, sinceBytes, obstacle: null },
    { target: 'vdb', sizeBytes: 100 * mib, nowBytes: 100 * mib, changedBytes: 0, sinceBytes, obstacle: null },
  ],
  ...{ newDisks: [], comparedWith: '2026-01-01T00:00:00.000Z' },
  read: { bytesPerSecond: 10 * mib, isAssumed: false },
  write: { bytesPerSecond: 20 * mib, isAssumed: false },
})

test('of the chosen disks what differs and what changed since, never more than the disk; all that changed is read', () => {
  const estimate = estimateOf(measured(50 * mib), ['vda'])
  expect(estimate).toMatchObject({ writeBytes: 100 * mib, readBytes: 100 * mib, copyMs: 15_000, isOpen: false })
  expect(estimateSentence(estimate)).toBe('At most 100 MiB are written. Copying takes ≈ 15 s.')
  expect(rateSentence(measured(1), estimate)).toContain('20 MiB/s')
})

test('what the host can’t tell is said, and nothing is claimed of it', () => {
  const open = estimateOf(measured(null), ['vda', 'vdb'])
  expect(open).toMatchObject({ writeBytes: 60 * mib, isOpen: true })
  expect(estimateSentence(open)).toBe(
    '60 MiB are written, and what has changed since the newest recovery point; how much that is, its host can’t tell now. Copying takes ≈ 3 s, and longer for that.',
  )
  expect(estimateSentence(estimateOf(measured(null), ['vdb']))).toBe(
    'Nothing differs from the newest recovery point. What has changed since is written back too; how much that is, its host can’t tell now.',
  )
  expect(estimateSentence(estimateOf(measured(0), ['vdb']))).toBe('Nothing differs.')
})

test('an assumption is called one', () => {
  const measure = { ...measured(0), write: { bytesPerSecond: 50 * mib, isAssumed: true } }
  expect(rateSentence(measure, estimateOf(measure, ['vda']))).toContain('assumed')
})
