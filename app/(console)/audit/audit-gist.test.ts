import { expect, test } from 'vitest'
import { gistOf } from './audit-gist.ts'

const names = { hosts: new Map([['host-id', 'oslo-2']]), tenants: new Map([['tenant-id', 'Nordlys Shop']]) }

test.each([
  ['vm.power', { action: 'force-off' }, 'force-off'],
  ['operation.end', { operation: 'migrate-vm', state: 'failed' }, 'migrate-vm'],
  ['vm.migrate', { to: 'host-id' }, 'to oslo-2'],
  ['vm.assign', { tenantId: 'tenant-id' }, 'to Nordlys Shop'],
  ['vm.assign', { tenantId: null }, 'to no tenant'],
  ['vm.revert-snapshot', { to: 'before-upgrade', keepAs: null }, 'to before-upgrade'],
])('%s of %j says in short: %s', (action, detail, gist) => {
  expect(gistOf({ action, detail }, names)).toBe(gist)
})

test.each([
  ['vm.migrate', { to: 'a host that is gone' }],
  ['vm.power', { error: { code: 'invalid', message: 'action: …' } }],
  ['vm.power', { action: { nested: true } }],
  ['vm.edit', { action: 'force-off' }],
  ['vm.power', null],
])('%s of %j says nothing more', (action, detail) => {
  expect(gistOf({ action, detail }, names)).toBeUndefined()
})
