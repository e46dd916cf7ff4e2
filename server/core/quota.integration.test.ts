import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { inScope } from '#server/db.ts'
import { databaseForTests } from '#server/testing/database-for-tests.ts'
import { createHost, createVm } from '#server/testing/vm.ts'
import { enqueue } from './operation.ts'
import { readUse, reserve } from './quota.ts'
import { createTenant } from './tenant.ts'

const own = databaseForTests({ scope: 'fleet', poolSize: 25 })

const actor = { kind: 'system' as const, id: 'test', name: 'Test' }
const make = (
  tenantId: string,
  vcpus: number,
  kind: 'create-vm' | 'migrate-vm' = 'create-vm',
  id: string = randomUUID(),
) =>
  inScope(own.db, { tenantIds: [tenantId] }, async (tx) => {
    await reserve(tx, tenantId, { vms: 1, vcpus })
    const target = { kind: 'vm' as const, id, name: id }
    await enqueue({ tx, actor, requestId: null }, { kind, target, tenantId, input: {}, reserved: { vcpus } })
  })

test('of twenty who reserve at once under a limit of ten exactly ten get it', async () => {
  const tenant = await inScope(own.db, 'fleet', (tx) => createTenant(tx, { name: 'Ten', quotaVcpus: 10 }))
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => make(tenant.id, 1)))
  const refused = all.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  expect(refused).toHaveLength(10)
  for (const reason of refused) expect(reason).toMatchObject({ code: 'conflict' })
  expect(await inScope(own.db, 'fleet', (tx) => readUse(tx, tenant.id))).toMatchObject({ vms: 10, vcpus: 10 })
  const [{ sum } = { sum: 0 }] = await own.db.$queryRaw<{ sum: number }[]>`
    SELECT sum(reserved_vcpus)::int AS sum FROM operation WHERE tenant_id = ${tenant.id}`
  expect(sum).toBe(10)
})

test('the refusal names the quota, what is used, asked and allowed, and the way out', async () => {
  const tenant = await inScope(own.db, 'fleet', (tx) =>
    createTenant(tx, { name: 'Small', quotaVms: 5, quotaMemoryBytes: 4n * 2n ** 30n }),
  )
  const host = await createHost(own.db)
  await createVm(own.db, host, tenant.id, { memoryBytes: 3n * 2n ** 30n })
  const ask = inScope(own.db, 'fleet', (tx) => reserve(tx, tenant.id, { vms: 1, memoryBytes: 2n * 2n ** 30n }))
  await expect(ask).rejects.toMatchObject({
    code: 'conflict',
    message: 'Small has a quota of 4 GiB memory: 3 GiB used, 2 GiB more asked for.',
    wayOut: expect.stringContaining('raise the quota of Small'),
  })
})

test('a VM is counted once while it is made, a migration not at all, an ended operation no more', async () => {
  const tenant = await inScope(own.db, 'fleet', (tx) => createTenant(tx, { name: 'Once' }))
  const host = await createHost(own.db)
  const id = randomUUID()
  const use = () => inScope(own.db, 'fleet', (tx) => readUse(tx, tenant.id))
  await make(tenant.id, 2, 'create-vm', id)
  expect(await use()).toMatchObject({ vms: 1, vcpus: 2 })
  const vm = await createVm(own.db, host, tenant.id, { id, vcpuCount: 2 })
  expect(await use()).toMatchObject({ vms: 1, vcpus: 2 })
  await own.db.operation.updateMany({ where: { targetId: id }, data: { state: 'succeeded' } })
  await make(tenant.id, 2, 'migrate-vm', vm.id)
  expect(await use()).toMatchObject({ vms: 1, vcpus: 2 })
  await make(tenant.id, 4)
  expect(await use()).toMatchObject({ vms: 2, vcpus: 6 })
  await own.db.operation.updateMany({ where: { kind: 'create-vm' }, data: { state: 'failed' } })
  expect(await use()).toMatchObject({ vms: 1, vcpus: 2 })
})
