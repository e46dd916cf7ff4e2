import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, callAs } from '#server/testing/call.ts'
import { createPerson, createTenant, signIn } from '#server/testing/person.ts'
import { type TestServices, testServices } from '#server/testing/services.ts'
import { createHost, createVm } from '#server/testing/vm.ts'

let services: TestServices
let operator: Caller
let admin: Caller
let member: Caller
let stranger: Caller
let tenant: { id: string; name: string }
let web: { id: string; name: string }
let theirs: { id: string; name: string }
let datastoreId = ''

beforeAll(async () => {
  services = await testServices()
  tenant = await createTenant(services, 'Shop')
  const other = await createTenant(services, 'Yard')
  const as = async (options: Parameters<typeof createPerson>[1]) =>
    callAs(services, await signIn(services, await createPerson(services, options)))
  operator = await as({ operator: true })
  admin = await as({ roles: { [tenant.id]: 'admin' } })
  member = await as({ roles: { [tenant.id]: 'member' } })
  stranger = await as({ roles: { [other.id]: 'owner' } })
  const host = await createHost(services.authDb)
  web = await createVm(services.authDb, host, tenant.id, { name: 'web', tags: ['prod'] })
  await createVm(services.authDb, host, tenant.id, { name: 'test', tags: ['dev'] })
  theirs = await createVm(services.authDb, host, other.id, { name: 'yard', tags: ['prod'] })
  const data = { name: 'Vault', kind: 'folder', location: { path: '/vault' } }
  datastoreId = (await services.authDb.datastore.create({ data })).id
})
afterAll(() => services?.close())

const input = (more: object = {}) => ({
  ...{ tenantId: tenant.id, name: `Policy ${crypto.randomUUID().slice(0, 8)}`, tags: ['prod'], datastoreId },
  ...{ schedules: [{ every: 'day' as const, minute: 0, hour: 3 }], timeZone: 'UTC' },
  ...{ retention: { last: 3 }, lateAfterMinutes: 60, ...more },
})
const under = async (policyId: string) =>
  (await services.authDb.protection.findMany({ where: { policyId } })).map(({ vmId }) => vmId)

test('a policy takes VMs of its tenant alone, whatever ids and tags it was given', async () => {
  const { id } = await admin.protection.create(input({ vmIds: [theirs.id] }))
  expect(await under(id)).toEqual([web.id])
  const { vms, selectedCount } = await admin.protection.preview({
    ...{ tenantId: tenant.id, tags: ['prod'], vmIds: [theirs.id], retention: { last: 1 }, timeZone: 'UTC' },
  })
  expect(vms.map(({ name, selected }) => [name, selected])).toEqual([
    ['web', 'tag'],
    ['test', null],
  ])
  expect(selectedCount).toBe(1)
  await operator.protection.delete({ id })
  expect(await under(id)).toEqual([])
})

test('tags are followed as they change, and paused policies protect nobody', async () => {
  const { id } = await admin.protection.create(input({ tags: ['gold'] }))
  expect(await under(id)).toEqual([])
  await admin.vm.setTags({ ids: [web.id], add: ['gold'], remove: [] })
  expect(await admin.protection.run({ id })).toEqual({ vms: 1 })
  const stateOf = async () => (await member.protection.vm({ vmId: web.id })).state
  expect(await stateOf()).toBe('waiting')
  const { policies } = await admin.protection.policies()
  const { tenantId: _, ...edited } = input({ tags: ['gold'], enabled: false, name: policies[0]?.name ?? '' })
  await admin.protection.edit({ id, ...edited })
  expect(await stateOf()).toBe('unprotected')
  await admin.protection.delete({ id })
})

test('an operator’s policy is the tenant’s to see and to run, not to change', async () => {
  const { id } = await operator.protection.create(input())
  const { tenantId: _, ...edited } = input()
  for (const refused of [admin.protection.edit({ id, ...edited }), admin.protection.delete({ id })]) {
    await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringMatching(/operator made/) })
  }
  const [seen] = (await admin.protection.policies()).policies
  expect(seen).toMatchObject({ id, madeBy: 'operator', can: { edit: expect.any(String), run: true } })
  expect(await member.protection.run({ id })).toEqual({ vms: 1 })
  await expect(stranger.protection.run({ id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await stranger.protection.policies()).policies).toEqual([])
  await operator.protection.delete({ id })
})

test('a policy that selects nothing, or has a name that is taken, is refused', async () => {
  await expect(admin.protection.create(input({ tags: [] }))).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  const { id } = await admin.protection.create(input({ name: 'Once' }))
  await expect(admin.protection.create(input({ name: 'Once' }))).rejects.toMatchObject({ code: 'CONFLICT' })
  const { tenantId: _, ...same } = input({ name: 'Once' })
  await admin.protection.edit({ id, ...same })
  await admin.protection.delete({ id })
})

test('times and numbers that can’t be are refused, and the answer names the field', async () => {
  const time = { every: 'week' as const, minute: 0, hour: 3 }
  const wrong: [field: string, more: object][] = [
    ['schedules.0.weekday', { schedules: [{ ...time, weekday: 8 }] }],
    ['schedules.0.monthday', { schedules: [{ ...time, every: 'month', monthday: 32 }] }],
    ['schedules.1.hour', { schedules: [time, { ...time, hour: 24 }] }],
    ['schedules', { schedules: [] }],
    ['timeZone', { timeZone: 'Mars/Olympus' }],
    ['retention.last', { retention: { last: 0 } }],
  ]
  for (const [field, more] of wrong) {
    const refused = await admin.protection.create(input(more)).then(
      () => undefined,
      (error) => error,
    )
    expect(refused, field).toMatchObject({ code: 'BAD_REQUEST', cause: { issues: [expect.anything()] } })
    expect(refused.cause.issues[0].path.join('.')).toBe(field)
  }
  expect(await services.authDb.protectionPolicy.count()).toBe(0)
})

test('counts and rows are of one’s own VMs; the filter narrows them', async () => {
  const { byState, byTenant } = await stranger.protection.counts()
  expect(byState).toEqual({ failing: 0, late: 0, unprotected: 1, waiting: 0, protected: 0 })
  expect(byTenant.map(({ tenantName }) => tenantName)).toEqual(['Yard'])
  const names = async (filter: Parameters<Caller['protection']['list']>[0]) =>
    (await operator.protection.list(filter)).rows.map(({ name }) => name)
  expect(await names({ tenantId: tenant.id })).toEqual(['test', 'web'])
  expect(await names({ text: 'ya_' })).toEqual([])
  expect(await names({ text: 'yar', states: ['unprotected'] })).toEqual(['yard'])
  const first = await operator.protection.list({ limit: 2 })
  const second = await operator.protection.list({ limit: 2, cursor: first.next })
  expect([...first.rows, ...second.rows].map(({ name }) => name)).toEqual(['test', 'web', 'yard'])
  expect(second.next).toBeNull()
})
