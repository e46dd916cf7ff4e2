import { expect, test } from 'vitest'
import { backupLines, snapshotLines } from './timeline-words.ts'

const gib = 2 ** 30
const inside = { withMemory: true, storage: 'internal', can: { revert: true as const, delete: true as const } }

test('a snapshot with memory takes as long as its memory is read; without, its disks are back at once', () => {
  expect(snapshotLines(inside, { standstillSeconds: 14 })).toEqual([
    'With memory, within its disks',
    'Back in ≈ 14 s, while its memory is read',
  ])
  expect(snapshotLines({ ...inside, withMemory: false }, { standstillSeconds: 14 })[1]).toContain('starts anew')
})

test('one that its host can’t lead back to says why, and promises nothing', () => {
  const why = 'Going back to a snapshot in files of its own takes libvirt 10; oslo-1 has 9.0.0.'
  const outside = { withMemory: false, storage: 'external', can: { revert: why, delete: true as const } }
  const [holds, takes] = snapshotLines(outside, { standstillSeconds: 1 })
  expect(holds).toBe('Disks alone, in files of its own')
  expect(takes).toContain(why)
  expect(takes).not.toContain('seconds')
})

const point = { sizeBytes: 2 * gib, storedBytes: gib, invalidAt: null, damage: null }

test('a backup says what it writes at the most, and whether that is measured', () => {
  const measured = { bytesPerSecond: gib / 10, isAssumed: false }
  expect(backupLines(point, measured)[1]).toMatch(/at most 20 s of writing, at 102 MiB\/s as in its last restores/)
  expect(backupLines(point, { ...measured, isAssumed: true })[1]).toContain('assumed')
})

test('a copy that can’t be restored says so instead', () => {
  const [, line] = backupLines({ ...point, invalidAt: new Date() }, { bytesPerSecond: gib, isAssumed: true })
  expect(line).toMatch(/no longer valid here/)
})
