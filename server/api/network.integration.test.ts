import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Caller, callAs, callAsOperator } from '#server/testing/call.ts'
import { createPerson, createTenant, signIn } from '#server/testing/person.ts'
import { type TestServices, testServices } from '#server/testing/services.ts'
import { createHost, createVm } from '#server/testing/vm.ts'

let services: TestServices
let asOperator: Caller
let asMember: Caller
let tenant: { id: string; name: string }
let host: Awaited<ReturnType<typeof createHost>>
let count = 0

beforeAll(async () => {
  services = await testServices()
  asOperator = await callAsOperator(services)
})
afterAll(() => services?.close())
beforeEach(async () => {
  count += 1
  tenant = await createTenant(services, `Shop ${count}`)
  const member = await createPerson(services, { roles: { [tenant.id]: 'member' } })
  asMember = await callAs(services, await signIn(services, member))
  host = await createHost(services.authDb)
  await makeNetwork('default', 'nat')
  await makeNetwork('backbone', 'bridge')
  await services.authDb.storagePool.create({
    data: { hostId: host.id, name: 'default', kind: 'dir', active: true, availableBytes: 2n ** 40n },
  })
  await services.authDb.networkGrant.deleteMany({ where: { networkName: 'backbone' } })
})

const makeNetwork = (name: string, mode: string, hostId = host.id) =>
  services.authDb.network.create({ data: { hostId, name, mode, active: true, autostart: true } })
const grant = (name: string, ...tenantIds: string[]) =>
  asOperator.network.setGrants({ name, allTenants: false, tenantIds })
const create = (caller: Caller, networks: string[], more: { tenantId?: string | null; siteId?: string } = {}) =>
  caller.vm.create({
    name: `new-${crypto.randomUUID().slice(0, 8)}`,
    tenantId: tenant.id,
    siteId: host.siteId,
    templateId: null,
    vcpuCount: 1,
    memoryBytes: 2 ** 27,
    disks: [{ sizeBytes: 2 ** 27 }],
    networks,
    ...more,
  })
async function makeVm(networkName: string | null, tenantId: string | null = tenant.id) {
  const vm = await createVm(services.authDb, host, tenantId, { state: 'off' })
  await services.authDb.vmInterface.create({ data: { vmId: vm.id, mac: '52:54:00:00:00:01', networkName } })
  return vm
}
const namesFor = async (caller: Caller, tenantId: string | null = tenant.id) =>
  (await caller.network.names({ tenantId })).map(({ name }) => name)
const operationsOf = (vmId: string) => services.authDb.operation.count({ where: { targetId: vmId } })

test('a tenant uses libvirt’s own NAT network, and others once they are granted', async () => {
  expect(await namesFor(asMember)).toEqual(['default'])
  await create(asMember, ['default'])
  await expect(create(asMember, ['backbone'])).rejects.toMatchObject({
    code: 'FORBIDDEN',
    message: `${tenant.name} may not use a network named backbone there.`,
  })
  await grant('backbone', tenant.id)
  expect(await namesFor(asMember)).toEqual(['backbone', 'default'])
  await create(asMember, ['backbone'])
})

test('one that is not there and one that is not granted are refused in the same words', async () => {
  const told = (name: string) =>
    create(asMember, [name]).then(
      () => 'made',
      (error) => `${error.code} ${error.message.replaceAll(name, '…')}`,
    )
  expect(await told('no-such-network')).toBe(await told('backbone'))
})

test('an operator who makes a VM for the tenant is held to its grants; one for nobody is not', async () => {
  await expect(create(asOperator, ['backbone'])).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await create(asOperator, ['backbone'], { tenantId: null })
})

test('a bridged network that happens to be named default is no NAT network', async () => {
  const other = await createHost(services.authDb)
  await makeNetwork('default', 'bridge', other.id)
  const [row] = await asMember.network.names({ tenantId: tenant.id })
  expect(row?.hostIds).not.toContain(other.id)
  await expect(create(asMember, ['default'], { siteId: other.siteId })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const vm = await createVm(services.authDb, other, tenant.id, { state: 'off' })
  const edit = asMember.vm.edit({ id: vm.id, addInterfaces: [{ network: 'default' }] })
  await expect(edit).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect(await operationsOf(vm.id)).toBe(0)
})

test('editing: neither a new card nor a replugged one reaches what is not granted', async () => {
  const vm = await makeVm('default')
  const added = { id: vm.id, addInterfaces: [{ network: 'backbone' }] }
  await expect(asMember.vm.edit(added)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const moved = { id: vm.id, changeInterfaces: [{ mac: '52:54:00:00:00:01', network: 'backbone' }] }
  await expect(asMember.vm.edit(moved)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect(await operationsOf(vm.id)).toBe(0)
  await grant('backbone', tenant.id)
  await asMember.vm.edit(moved)
  expect(await operationsOf(vm.id)).toBe(1)
})

test('after the grant is withdrawn a card stays, its VM can be edited, but gets no twin and no second try', async () => {
  await grant('backbone', tenant.id)
  const vm = await makeVm('backbone')
  const { operationId } = await asMember.vm.edit({ id: vm.id, addInterfaces: [{ network: 'backbone' }] })
  await services.authDb.operation.update({ where: { id: operationId }, data: { state: 'failed' } })
  await grant('backbone')
  expect(await namesFor(asMember)).toEqual(['default'])
  expect((await asMember.vm.get({ id: vm.id })).can.clone).toMatch(/may not use a network named backbone/)
  await expect(asMember.vm.clone({ id: vm.id, name: 'twin' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(asMember.operation.retry({ id: operationId })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await asMember.vm.edit({ id: vm.id, notes: 'still mine' })
})

test('a card on the host itself gets no twin but from an operator', async () => {
  const vm = await makeVm(null)
  await expect(asMember.vm.clone({ id: vm.id, name: 'twin' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await asOperator.vm.clone({ id: vm.id, name: 'twin' })
})

test('a VM is given to a tenant only with networks that are its own', async () => {
  const vm = await makeVm('backbone', null)
  await expect(asOperator.vm.assign({ ids: [vm.id], tenantId: tenant.id })).rejects.toMatchObject({
    code: 'FORBIDDEN',
    message: expect.stringContaining(`${vm.name} is plugged in`),
  })
  await grant('backbone', tenant.id)
  await asOperator.vm.assign({ ids: [vm.id], tenantId: tenant.id })
})

test('all tenants is a choice that holds for tomorrow’s too, and it stands in the audit what was before', async () => {
  await grant('backbone', tenant.id)
  await asOperator.network.setGrants({ name: 'backbone', allTenants: true })
  const tomorrow = await createTenant(services, `Tomorrow ${count}`)
  const person = await createPerson(services, { roles: { [tomorrow.id]: 'viewer' } })
  const asTomorrow = await callAs(services, await signIn(services, person))
  expect(await namesFor(asTomorrow, tomorrow.id)).toContain('backbone')
  const entry = await services.authDb.auditEntry.findFirst({
    where: { action: 'network.grant' },
    orderBy: { id: 'desc' },
  })
  expect(entry).toMatchObject({
    action: 'network.grant',
    resourceName: 'backbone',
    detail: {
      before: { allTenants: false, tenantIds: [tenant.id] },
      after: { allTenants: true, tenantIds: [] },
    },
  })
})

test('what is not there can’t be granted, nor to whom is not there', async () => {
  await expect(grant('no-such-network', tenant.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(grant('backbone', 'no-such-tenant')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
