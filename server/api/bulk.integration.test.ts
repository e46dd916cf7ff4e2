import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { createVm } from '#server/testing/vm.ts'
import { refusal, worldForTests } from '#server/testing/world-for-tests.ts'

const { anotherWorld, as, db, operationById, operationRow, own } = worldForTests()

test('a bulk operation is not tried again as a whole: its parts are', async () => {
  const bulk = await operationRow({
    ...{ kind: 'bulk-vm', targetKind: 'fleet', targetId: 'fleet', exclusive: false, input: { refused: [] } },
  })
  await expect((await as('owner')).operation.retry({ id: bulk.id })).rejects.toMatchObject({
    cause: { code: 'conflict', wayOut: expect.stringContaining('its parts') },
  })
  expect(await db().operation.count({ where: { parentId: null, kind: 'bulk-vm' } })).toBe(1)
})

test('stopping a bulk operation needs what each of its parts needs', async () => {
  const bulk = await operationRow({
    ...{ kind: 'bulk-vm', targetKind: 'fleet', targetId: randomUUID(), exclusive: false, state: 'running', input: {} },
  })
  const other = await createVm(db(), own.world.host, own.world.tenant.id)
  const move = await operationRow({
    ...{ kind: 'migrate-vm', parentId: bulk.id, targetId: other.id, state: 'running', input: {} },
  })
  await expect((await as('owner')).operation.cancel({ id: bulk.id })).rejects.toMatchObject(refusal('forbidden'))
  await (await as('operator')).operation.cancel({ id: bulk.id })
  expect((await operationById(move.id)).state).toBe('cancelling')
})

test('a member of two tenants is told to act on one at a time; an operator acts on both', async () => {
  const other = await anotherWorld()
  const ask = { ids: [own.world.vm.id, other.vm.id], action: 'suspend' as const }
  await expect((await as('owner')).vm.bulkPower(ask)).rejects.toMatchObject(refusal('conflict', /2 tenants/))
  const { operationId } = await (await as('operator')).vm.bulkPower(ask)
  expect((await operationById(operationId)).tenantId).toBeNull()
  expect(await db().operation.count({ where: { parentId: operationId } })).toBe(2)
})

test('tags and assignments of many have a result for each: one that can’t does not keep the others from it', async () => {
  const elsewhere = await anotherWorld()
  await db().tenantMember.update({ where: { id: elsewhere.ownerMember.id }, data: { role: 'viewer' } })
  const ids = [own.world.vm.id, elsewhere.vm.id, own.world.busyVm.id]
  const tagged = await (await as('owner')).vm.setTags({ ids, add: ['prod'], remove: [] })
  expect(tagged.done).toEqual([own.world.vm.id, own.world.busyVm.id])
  expect(tagged.refused).toEqual([
    { vmId: elsewhere.vm.id, name: elsewhere.vm.name, reason: expect.stringMatching(/is viewer/) },
  ])
  const tagsOf = async (id: string) => (await db().vm.findUniqueOrThrow({ where: { id } })).tags
  expect(await Promise.all(ids.map(tagsOf))).toEqual([['prod'], [], ['prod']])

  await operationRow({ targetId: own.world.busyVm.id, targetName: own.world.busyVm.name, state: 'running' })
  const assigned = await (await as('operator')).vm.assign({ ids, tenantId: own.cast.strangerTenantId })
  expect(assigned.refused).toEqual([
    {
      vmId: own.world.busyVm.id,
      name: own.world.busyVm.name,
      reason: expect.stringMatching(/can’t change tenants now/),
    },
  ])
  const tenantOf = async (id: string) => (await db().vm.findUniqueOrThrow({ where: { id } })).tenantId
  expect(await Promise.all(ids.map(tenantOf))).toEqual([
    own.cast.strangerTenantId,
    own.cast.strangerTenantId,
    own.world.tenant.id,
  ])
})

test('the audit trail has of which VMs many were refused, and tells no tenant why another one’s was', async () => {
  const [elsewhere, operator] = [await anotherWorld(), await as('operator')]
  const ids = [own.world.vm.id, elsewhere.vm.id]
  await db().vm.update({ where: { id: elsewhere.vm.id }, data: { state: 'paused' } })
  await operationRow({ targetId: elsewhere.vm.id, targetName: elsewhere.vm.name, state: 'running' })
  await operator.vm.bulkPower({ ids, action: 'suspend' })
  await db().operation.updateMany({ where: { targetId: own.world.vm.id }, data: { state: 'succeeded' } })
  await operator.vm.assign({ ids, tenantId: own.cast.strangerTenantId })
  await expect(operator.vm.assign({ ids: [elsewhere.vm.id], tenantId: null })).rejects.toThrow(/change tenants now/)
  await operator.vm.setTags({ ids: [own.world.vm.id, randomUUID()], add: ['prod'], remove: [] })
  const entries = await db().auditEntry.findMany({ where: { actorId: own.cast.operator.id }, orderBy: { id: 'asc' } })
  const details = entries.slice(-4).map(({ action, outcome, detail }) => [action, outcome, detail])
  expect(details).toMatchObject([
    ['vm.power', 'succeeded', { vms: ids, refused: [elsewhere.vm.id] }],
    ['vm.assign', 'succeeded', { vms: [own.world.vm.id], refused: [elsewhere.vm.id] }],
    ['vm.assign', 'failed', { vms: [], refused: [elsewhere.vm.id] }],
    ['vm.tag', 'succeeded', { vms: [own.world.vm.id], refused: [expect.any(String)] }],
  ])
  expect(JSON.stringify(details.slice(0, 2))).not.toContain(elsewhere.vm.name)
})
