import { expect, test } from 'vitest'
import type { VmRow } from '#server/schema/vm.ts'
import { reasonAgainstAll, tenantsSelected, type VmRights } from './fleet-rights.ts'

const rows = ['acme', 'acme', 'globex'].map((tenantId, at) => ({ id: `vm-${at}`, tenantId })) as VmRow[]
const rights: VmRights = {
  create: true,
  tenants: [
    { tenantId: 'acme', power: 'No power.', snapshot: 'No snapshot.', tag: 'No tag.' },
    { tenantId: 'globex', power: true, snapshot: true, tag: true },
  ],
}
const reason = (...ids: string[]) => reasonAgainstAll(rights, tenantsSelected(rows, new Set(ids)), 'power')

test('a command is off where it can be given to none of the selected VMs, on where to some', () => {
  expect(reason('vm-0', 'vm-1')).toBe('No power.')
  expect(reason('vm-0', 'vm-2')).toBeUndefined()
  expect(reason('vm-2')).toBeUndefined()
})

test('a selected VM that is not loaded may be of any of the tenants', () => {
  expect(reason('vm-0', 'elsewhere')).toBeUndefined()
  const [acme] = rights.tenants
  expect(reasonAgainstAll({ ...rights, tenants: acme ? [acme] : [] }, '', 'tag')).toBe('No tag.')
})

test('an operator, of no tenant, may give it to all', () => {
  expect(reasonAgainstAll({ create: true, tenants: [] }, 'acme', 'power')).toBeUndefined()
})
