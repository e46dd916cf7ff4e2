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
    { vmId: elsewhere.vm.id, name: elsewhere.vm.name, code: 'forbidden', reason: expect.stringMatching(/is viewer/) },
  ])
  const tagsOf = async (id: string) => (await db().vm.findUniqueOrThrow({ where: { id } })).tags
  expect(await Promise.all(ids.map(tagsOf))).toEqual([['prod'], [], ['prod']])

  await operationRow({ targetId: own.world.busyVm.id, targetName: own.world.busyVm.name, state: 'running' })
  const assigned = await (await as('operator')).vm.assign({ ids, tenantId: own.cast.strangerTenantId })
  expect(assigned.refused).toEqual([
    {
      vmId: own.world.busyVm.id,
      name: own.world.busyVm.name,
      code: 'conflict',
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

interface Entry {
  action: string
  outcome: string
  chain: string
  on: string | null
  code: string | null
  detail: { [field: string]: unknown }
}

/** What the table itself has of what was asked since then, oldest first. */
async function entriesSince(id: bigint): Promise<Entry[]> {
  return db().$queryRaw<Entry[]>`
    SELECT action, outcome::text, chain, coalesce(resource_name, resource_id) AS on, detail #>> '{error,code}' AS code, detail
    FROM audit_entry WHERE id > ${id} ORDER BY id`
}
const newest = async () => (await db().auditEntry.findFirstOrThrow({ orderBy: { id: 'desc' } })).id

test('what a role forbids of many is recorded as denied, of each VM on that VM; and so its error says', async () => {
  const { vm, busyVm, tenant } = own.world
  const since = await newest()
  const viewer = await as('viewer')
  const asked = { ids: [vm.id, busyVm.id], action: 'shutdown' as const }
  await expect(viewer.vm.bulkPower(asked)).rejects.toMatchObject(refusal('forbidden', /is viewer/))
  const denied = { action: 'vm.power', outcome: 'denied', chain: tenant.id, code: 'forbidden' }
  const entries = await entriesSince(since)
  expect(entries).toMatchObject([
    { ...denied, on: vm.name },
    { ...denied, on: busyVm.name },
  ])
  expect(entries[0]?.detail).toEqual({ action: 'shutdown', error: { code: 'forbidden', message: expect.anything() } })
  const { entries: found } = await (await as('owner')).audit.list({ outcome: 'denied', tenantId: tenant.id })
  expect(found.map(({ resourceId }) => resourceId)).toEqual([busyVm.id, vm.id])
})

test('what is begun on many, and what can’t be, is recorded of each VM on that VM', async () => {
  const { vm, busyVm, tenant } = own.world
  const unknown = randomUUID()
  await db().vm.update({ where: { id: busyVm.id }, data: { state: 'off' } })
  const since = await newest()
  const { operationId, refused } = await (await as('owner')).vm.bulkPower({
    ...{ ids: [vm.id, busyVm.id, unknown], action: 'suspend' },
  })
  expect(refused.map(({ vmId, code }) => [vmId, code])).toEqual([
    [unknown, 'not-found'],
    [busyVm.id, 'conflict'],
  ])
  const entries = await entriesSince(since)
  expect(entries.map(({ outcome, chain, on, code }) => [outcome, chain, on, code])).toEqual(
    expect.arrayContaining([
      ['succeeded', tenant.id, vm.name, null],
      ['failed', tenant.id, busyVm.name, 'conflict'],
      ['failed', 'fleet', unknown, 'not-found'],
    ]),
  )
  expect(entries).toHaveLength(3)
  expect(entries.find(({ outcome }) => outcome === 'succeeded')?.detail).toEqual({
    ...{ action: 'suspend', operationId },
  })
  expect((await operationById(operationId)).tenantId).toBe(tenant.id)
})

test('tags and assignments are recorded of each VM; no tenant is told of another one’s', async () => {
  const [elsewhere, operator] = [await anotherWorld(), await as('operator')]
  const ids = [own.world.vm.id, elsewhere.vm.id]
  let since = await newest()
  await operator.vm.setTags({ ids, add: ['prod'], remove: [] })
  const on = ({ outcome, chain, on }: Entry) => [outcome, chain, on]
  const both = [
    ['succeeded', own.world.tenant.id, own.world.vm.name],
    ['succeeded', elsewhere.tenant.id, elsewhere.vm.name],
  ]
  const tagged = await entriesSince(since)
  expect(tagged.map(on)).toEqual(expect.arrayContaining(both))
  expect(tagged.map(({ detail }) => detail)).toEqual(Array(2).fill({ add: ['prod'], remove: [] }))

  await operationRow({ targetId: elsewhere.vm.id, targetName: elsewhere.vm.name, state: 'running' })
  since = await newest()
  await operator.vm.assign({ ids, tenantId: own.cast.strangerTenantId })
  await expect(operator.vm.assign({ ids: [elsewhere.vm.id], tenantId: null })).rejects.toThrow(/change tenants now/)
  const assigned = await entriesSince(since)
  const refused = ['failed', elsewhere.tenant.id, elsewhere.vm.name]
  expect(assigned.map(on)).toEqual(
    expect.arrayContaining([['succeeded', own.cast.strangerTenantId, own.world.vm.name], refused, refused]),
  )
  expect(assigned).toHaveLength(3)
})

test('many VMs of many tenants are recorded in unbroken chains, however many ask at once', async () => {
  const [elsewhere, operator] = [await anotherWorld(), await as('operator')]
  const ids = [own.world.vm.id, elsewhere.vm.id]
  const since = await newest()
  const ask = (order: string[], tag: string) => operator.vm.setTags({ ids: order, add: [tag], remove: [] })
  await Promise.all(Array.from({ length: 6 }, (_, i) => ask(i % 2 ? ids : ids.toReversed(), `tag-${i}`)))
  expect(await entriesSince(since)).toHaveLength(12)
  expect(await db().$queryRaw`SELECT * FROM audit_check()`).toEqual([])
})
