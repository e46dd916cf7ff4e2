import { expect, test } from 'vitest'
import type { Prisma } from '#prisma/generated/client.ts'
import { createVm } from '#server/testing/vm.ts'
import { refusal, worldForTests } from '#server/testing/world-for-tests.ts'

const { as, db, operationById, operationRow, own, small } = worldForTests()

const pointDisk = { target: 'vda', sizeBytes: 2 ** 27 }
const shape = {
  ...{ vcpuCount: 1, memoryBytes: 2 ** 27, architecture: 'x86_64', machineType: null, cpuMode: null },
  ...{ accelerator: 'unknown', cards: [] },
}

test('a VM changes tenants only while nothing works on it; what was done stays with the tenant that asked', async () => {
  const operator = await as('operator')
  const assign = { ids: [own.world.vm.id], tenantId: own.cast.strangerTenantId }
  const [past, live] = [
    await operationRow(),
    await operationRow({ kind: 'measure-vm', exclusive: false, state: 'queued' }),
  ]
  await expect(operator.vm.assign(assign)).rejects.toMatchObject(refusal('conflict', /can’t change tenants now/))
  expect((await db().vm.findUniqueOrThrow({ where: { id: own.world.vm.id } })).tenantId).toBe(own.world.tenant.id)
  await db().operation.update({ where: { id: live.id }, data: { state: 'succeeded' } })
  await operator.vm.assign(assign)
  expect((await db().vm.findUniqueOrThrow({ where: { id: own.world.vm.id } })).tenantId).toBe(own.cast.strangerTenantId)
  expect((await operationById(past.id)).tenantId).toBe(own.world.tenant.id)
  await expect((await as('stranger')).operation.get({ id: past.id })).rejects.toMatchObject(refusal('not-found'))
})

test('while a VM is cloned nothing else works on it, and while something does it is not cloned', async () => {
  const owner = await as('owner')
  await db().vm.update({ where: { id: own.world.vm.id }, data: { state: 'off' } })
  const { operationId, vmId } = await owner.vm.clone({ id: own.world.vm.id, name: `twin-${own.world.mark}` })
  expect(await db().vm.findUniqueOrThrow({ where: { id: vmId } })).toMatchObject({
    ...{ name: `twin-${own.world.mark}`, state: 'creating', tenantId: own.world.tenant.id },
  })
  const start = owner.vm.power({ id: own.world.vm.id, action: 'start' })
  await expect(start).rejects.toMatchObject(refusal('conflict', /being cloned/))
  await expect(owner.vm.power({ id: vmId, action: 'start' })).rejects.toMatchObject(
    refusal('conflict', /being created/),
  )
  await db().operation.update({ where: { id: operationId }, data: { state: 'succeeded' } })
  await owner.vm.power({ id: own.world.vm.id, action: 'start' })
  const second = owner.vm.clone({ id: own.world.vm.id, name: `second-${own.world.mark}` })
  await expect(second).rejects.toMatchObject(refusal('conflict', /being started/))
  expect(await db().vm.count({ where: { name: `second-${own.world.mark}` } })).toBe(0)
})

test('a host that is drained takes no new VM, however it comes to be', async () => {
  await db().host.update({ where: { id: own.world.host.id }, data: { draining: true } })
  await db().vm.update({ where: { id: own.world.vm.id }, data: { state: 'off' } })
  await db().recoveryPoint.update({ where: { id: own.world.recoveryPoint.id }, data: { shape, disks: [pointDisk] } })
  const [operator, drained] = [await as('operator'), refusal('conflict', /being drained/)]
  const name = `new-${own.world.mark}`
  await expect(operator.vm.clone({ id: own.world.vm.id, name })).rejects.toMatchObject(drained)
  await expect(operator.vm.create({ ...small(name), hostId: own.world.host.id })).rejects.toMatchObject(drained)
  const ofPoint = { recoveryPointId: own.world.recoveryPoint.id, name, place: { hostId: own.world.host.id } }
  await expect(operator.recoveryPoint.restoreNew(ofPoint)).rejects.toMatchObject(drained)
  await expect(operator.recoveryPoint.clone(ofPoint)).rejects.toMatchObject(drained)
  await db().host.update({ where: { id: own.world.secondHost.id }, data: { migrationUri: 'qemu+tls://second/system' } })
  await db().vm.update({ where: { id: own.world.busyVm.id }, data: { hostId: own.world.secondHost.id } })
  const migrate = { id: own.world.busyVm.id, destinationHostId: own.world.host.id }
  await expect(operator.vm.migrate(migrate)).rejects.toMatchObject(drained)
  expect(await db().vm.count({ where: { name } })).toBe(0)
  expect(await db().operation.count({ where: { tenantId: own.world.tenant.id } })).toBe(0)
})

test('what is still being made is in the plan of a drain, as one that stays', async () => {
  const twin = await createVm(db(), own.world.host, own.world.tenant.id, { state: 'creating' })
  const plan = await (await as('operator')).host.drainPlan({ id: own.world.host.id })
  expect(plan.find(({ vmId }) => vmId === twin.id)).toMatchObject({
    to: null,
    reasons: [expect.stringMatching(/still being created/)],
  })
})

test('no way to more than its quota: create, clone, restore as new, snapshot and assignment are refused', async () => {
  const [owner, operator] = [await as('owner'), await as('operator')]
  const limit = (data: Prisma.TenantUncheckedUpdateInput) =>
    db().tenant.update({ where: { id: own.world.tenant.id }, data: { quotaVms: null, quotaSnapshots: null, ...data } })
  await db().vm.update({ where: { id: own.world.vm.id }, data: { state: 'off', snapshotCount: 2 } })
  await db().recoveryPoint.update({ where: { id: own.world.recoveryPoint.id }, data: { shape, disks: [pointDisk] } })
  await limit({ quotaVms: 2 })
  const [name, full] = [`new-${own.world.mark}`, refusal('conflict', /a quota of 2 VMs: 2 used/)]
  await expect(owner.vm.create(small(name))).rejects.toMatchObject(full)
  await expect(owner.vm.clone({ id: own.world.vm.id, name })).rejects.toMatchObject(full)
  const place = { siteId: own.world.host.siteId }
  const restore = { recoveryPointId: own.world.recoveryPoint.id, name, place }
  await expect(owner.recoveryPoint.restoreNew(restore)).rejects.toMatchObject(full)
  await limit({ quotaSnapshots: 2 })
  const noMore = refusal('conflict', /a quota of 2 snapshots: 2 used/)
  await expect(owner.snapshot.take({ vmId: own.world.vm.id, name: 'third' })).rejects.toMatchObject(noMore)
  await limit({ quotaSnapshots: 3 })
  const other = await createVm(db(), own.world.host, null, { snapshotCount: 2 })
  const assign = { ids: [other.id], tenantId: own.world.tenant.id }
  await expect(operator.vm.assign(assign)).rejects.toMatchObject(refusal('conflict', /quota of 3 snapshots: 2 used/))
  expect((await db().vm.findUniqueOrThrow({ where: { id: other.id } })).tenantId).toBeNull()
  await limit({ quotaSnapshots: 4 })
  await operator.vm.assign(assign)
  expect((await db().vm.findUniqueOrThrow({ where: { id: other.id } })).tenantId).toBe(own.world.tenant.id)
})

test('a refused placement tells the reasons and no host’s name', async () => {
  const create = (await as('owner')).vm.create({ ...small(`big-${own.world.mark}`), memoryBytes: 2 ** 40 })
  const error: unknown = await create.catch((thrown: unknown) => thrown)
  expect(error).toMatchObject(refusal('conflict', /not enough memory/))
  expect(String(error)).not.toContain(own.world.host.name)
})

test('why a host can’t be reached is told to operators alone', async () => {
  const stateReason = 'connect ECONNREFUSED 10.0.0.7'
  await db().host.update({ where: { id: own.world.host.id }, data: { state: 'unreachable', stateReason } })
  expect((await (await as('owner')).vm.get({ id: own.world.vm.id })).host.stateReason).toBeNull()
  expect((await (await as('operator')).vm.get({ id: own.world.vm.id })).host.stateReason).toBe(stateReason)
})
