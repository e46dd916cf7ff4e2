import { expect, test } from 'vitest'
import { refusal, worldForTests } from '#server/testing/world-for-tests.ts'

const { as, db, own, small } = worldForTests()

test('a request sent twice is one operation, also when the first has changed what it would be judged by', async () => {
  const owner = await as('owner')
  const create = { ...small(`twice-${own.world.mark}`), idempotencyKey: `create-${own.world.mark}` }
  const [first, second] = [await owner.vm.create(create), await owner.vm.create(create)]
  expect(second).toEqual(first)
  expect(await db().vm.count({ where: { name: create.name } })).toBe(1)
  await expect(owner.vm.create({ ...create, vcpuCount: 2 })).rejects.toMatchObject(
    refusal('conflict', /another request/),
  )
  const power = { id: own.world.vm.id, action: 'suspend', idempotencyKey: `power-${own.world.mark}` } as const
  const suspend = await owner.vm.power(power)
  await db().vm.update({ where: { id: own.world.vm.id }, data: { state: 'paused' } })
  expect(await owner.vm.power(power)).toEqual(suspend)
  await expect(owner.vm.power({ ...power, action: 'resume' })).rejects.toMatchObject(
    refusal('conflict', /another request/),
  )
})

test('two at once with one key make one VM', async () => {
  await db().tenant.update({ where: { id: own.world.tenant.id }, data: { quotaVms: null } })
  const create = { ...small(`race-${own.world.mark}`), idempotencyKey: `race-${own.world.mark}` }
  const callers = await Promise.all([as('owner'), as('owner'), as('owner')])
  const made = await Promise.all(callers.map((caller) => caller.vm.create(create)))
  expect(new Set(made.map(({ vmId }) => vmId)).size).toBe(1)
})
