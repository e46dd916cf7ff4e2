import { expect, test } from 'vitest'
import { estimateMigration } from './migration-estimate.ts'

const gib = 2 ** 30
const base = {
  way: 'live' as const,
  memoryBytes: 4 * gib,
  copiedDiskBytes: 0,
  dirtyBytesPerSecond: 0,
  bytesPerSecond: 128 * 2 ** 20,
  roundTripMs: 10,
}

test('a quiet guest: one round of its memory, downtime of the hand-over alone', () => {
  const estimate = estimateMigration(base)
  expect(estimate).toMatchObject({ rounds: 1, converges: 'yes', downtimeMs: 120 })
  expect(estimate.memoryMs).toBe(32_000)
})

test('disks go first and add their time', () => {
  const estimate = estimateMigration({ ...base, copiedDiskBytes: 128 * 2 ** 20 * 10 })
  expect(estimate.diskMs).toBe(10_000)
  expect(estimate.totalMs - estimateMigration(base).totalMs).toBe(10_000)
})

test('half the link’s rate dirtied: rounds halve until the rest fits the downtime', () => {
  const estimate = estimateMigration({ ...base, dirtyBytesPerSecond: 64 * 2 ** 20 })
  // 32 s · ½ⁿ ≤ 0.3 s for n = 7; the rounds before it add up to 32 · (2 − ½⁶) s
  expect(estimate.rounds).toBe(7)
  expect(estimate.memoryMs).toBeCloseTo(32_000 * (2 - 1 / 64), 0)
  expect(estimate.downtimeMs).toBeCloseTo(120 + 250, 0)
})

test('faster than the link: only slowed down, or only with post-copy, and it says which', () => {
  expect(estimateMigration({ ...base, dirtyBytesPerSecond: 256 * 2 ** 20 }).converges).toBe('slowed')
  const never = estimateMigration({ ...base, dirtyBytesPerSecond: 4096 * 2 ** 20 })
  expect(never).toMatchObject({ converges: 'post-copy', downtimeMs: 120 })
  expect(Number.isFinite(never.totalMs)).toBe(true)
})

test('not measured: it says so rather than promise', () => {
  expect(estimateMigration({ ...base, dirtyBytesPerSecond: null }).converges).toBe('unknown')
})

test('off: only the disks count', () => {
  const estimate = estimateMigration({ ...base, way: 'off', copiedDiskBytes: 128 * 2 ** 20 })
  expect(estimate).toMatchObject({ downtimeMs: 0, memoryMs: 0, diskMs: 1_000, converges: 'off' })
})

test('with its memory saved it stands still all the while: disks, memory, and that to a file and from one', () => {
  const estimate = estimateMigration({
    ...base,
    way: 'saved',
    copiedDiskBytes: 128 * 2 ** 20,
    dirtyBytesPerSecond: null,
  })
  expect(estimate).toMatchObject({ diskMs: 1_000, converges: 'saved' })
  expect(estimate.memoryMs).toBeCloseTo(32_000 + 40_960, 0)
  expect(estimate.downtimeMs).toBe(estimate.totalMs)
})
