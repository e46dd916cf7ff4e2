import { expect, test } from 'vitest'
import { asQuota, quotaDraft, unlimited } from './quota-fields.tsx'

test('limits survive the way through the form', () => {
  const limits = { vms: 3, vcpus: null, memoryBytes: 5_368_709_120n, diskBytes: 1_610_612_736n, snapshots: 0 }
  expect(asQuota(quotaDraft(limits))).toEqual({
    quotaVms: 3,
    quotaVcpus: null,
    quotaMemoryBytes: 5_368_709_120n,
    quotaDiskBytes: 1_610_612_736n,
    quotaSnapshots: 0,
  })
})

test('no limit is null in every kind', () => {
  expect(Object.values(asQuota(unlimited))).toEqual([null, null, null, null, null])
})
