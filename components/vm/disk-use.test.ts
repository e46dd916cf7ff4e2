import { expect, test } from 'vitest'
import { diskUse } from './disk-use.ts'

const mib = 2n ** 20n

test('a disk is written as far as it is large; with snapshots in it, it takes more on its host', () => {
  expect(diskUse({ allocationBytes: 24n * mib, capacityBytes: 64n * mib })).toBe('24 MiB of 64 MiB written')
  expect(diskUse({ allocationBytes: 64n * mib, capacityBytes: 64n * mib })).toBe('64 MiB of 64 MiB written')
  expect(diskUse({ allocationBytes: 104n * mib, capacityBytes: 64n * mib })).toBe('104 MiB on its host, 64 MiB large')
})
