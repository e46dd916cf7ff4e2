import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Prisma } from '#prisma/generated/client.ts'
import { callAs } from '#server/testing/call.ts'
import { type TestServices, testServices } from '#server/testing/services.ts'
import { createVm } from '#server/testing/vm.ts'
import { type Cast, createCast, createWorld, type World } from '#server/testing/world.ts'

let services: TestServices
let cast: Cast
let world: World
beforeAll(async () => {
  services = await testServices()
  cast = await createCast(services)
})
beforeEach(async () => {
  world = await createWorld(services, cast)
  await services.authDb.operation.deleteMany({ where: { id: world.operation.id } })
})
afterAll(() => services?.close())

const as = (who: keyof Cast['headers']) => callAs(services, cast.headers[who])
const db = () => services.authDb
const operationRow = (data: Partial<Prisma.OperationUncheckedCreateInput> = {}) =>
  db().operation.create({
    data: {
      ...{ kind: 'power-vm', tenantId: world.tenant.id, targetKind: 'vm', targetId: world.vm.id },
      ...{ targetName: world.vm.name, hostId: world.host.id, actorKind: 'user', actorId: cast.owner.id },
      ...{ actorName: 'Owen', state: 'failed', input: { action: 'suspend', timeoutMs: 120_000 } },
      ...data,
    },
  })
const byId = (id: string) => db().operation.findUniqueOrThrow({ where: { id } })
const refusal = (code: string, message = /./) => ({ cause: { code, message: expect.stringMatching(message) } })

const pointDisk = { target: 'vda', sizeBytes: 2 ** 27 }
const shape = {
  ...{ vcpuCount: 1, memoryBytes: 2 ** 27, architecture: 'x86_64', machineType: null, cpuMode: null },
  ...{ accelerator: 'unknown', cards: [] },
}
/** A VM that fits everywhere */
const small = (name: string) => ({
  ...{ name, tenantId: world.tenant.id, siteId: world.host.siteId, templateId: null },
  ...{ vcpuCount: 1, memoryBytes: 2 ** 27, disks: [{ sizeBytes: 2 ** 27 }], networks: [] },
})

test('tried again, it is asked of the VM as it is now: at its present host', async () => {
  const failed = await operationRow()
  await db().vm.update({ where: { id: world.vm.id }, data: { hostId: world.secondHost.id } })
  const { operationId } = await (await as('owner')).operation.retry({ id: failed.id })
  expect(await byId(operationId)).toMatchObject({
    ...{ kind: 'power-vm', targetId: world.vm.id, hostId: world.secondHost.id, state: 'queued' },
    input: { action: 'suspend' },
  })
})

test('of a VM that was given to another tenant the old one can neither repeat nor stop an operation', async () => {
  const [failed, live] = [await operationRow(), await operationRow({ state: 'running' })]
  await db().vm.update({ where: { id: world.vm.id }, data: { tenantId: cast.strangerTenantId } })
  const owner = await as('owner')
  await expect(owner.operation.retry({ id: failed.id })).rejects.toMatchObject(refusal('not-found'))
  await expect(owner.operation.cancel({ id: live.id })).rejects.toMatchObject(refusal('not-found'))
  expect(await db().operation.count({ where: { targetId: world.vm.id } })).toBe(2)
  expect((await byId(live.id)).cancelRequestedAt).toBeNull()
})

test('what an operation left behind is cleaned up for whoever may start the like, once at a time', async () => {
  const error = { code: 'conflict', message: 'No.', step: 'start', wayOut: null }
  const clean = await operationRow({ kind: 'edit-vm', input: {}, error })
  const dirty = await operationRow({ kind: 'edit-vm', input: {}, error: { ...error, left: ['make disks: No.'] } })
  const owner = await as('owner')
  await expect(owner.operation.cleanUp({ id: clean.id })).rejects.toMatchObject(refusal('conflict', /Nothing/))
  await expect((await as('viewer')).operation.cleanUp({ id: dirty.id })).rejects.toMatchObject(refusal('forbidden'))
  await expect((await as('stranger')).operation.cleanUp({ id: dirty.id })).rejects.toMatchObject(refusal('not-found'))
  const { operationId } = await owner.operation.cleanUp({ id: dirty.id })
  expect(await byId(operationId)).toMatchObject({
    ...{ kind: 'undo-operation', targetId: world.vm.id, tenantId: world.tenant.id, state: 'queued' },
    input: { operationId: dirty.id },
  })
  await expect(owner.operation.cleanUp({ id: dirty.id })).rejects.toMatchObject(refusal('conflict', /being cleaned up/))
  await db().operation.update({ where: { id: operationId }, data: { state: 'failed', finishedAt: new Date() } })
  const again = await owner.operation.retry({ id: operationId })
  expect(await byId(again.operationId)).toMatchObject({ kind: 'undo-operation', input: { operationId: dirty.id } })
})

test('state, protection, quota and destination are judged anew', async () => {
  const owner = await as('owner')
  const suspend = await operationRow()
  await db().vm.update({ where: { id: world.vm.id }, data: { state: 'off', protected: true } })
  await expect(owner.operation.retry({ id: suspend.id })).rejects.toMatchObject(refusal('conflict', /It is off/))
  const deletion = await operationRow({ kind: 'delete-vm', input: {} })
  await expect(owner.operation.retry({ id: deletion.id })).rejects.toMatchObject(refusal('conflict', /protected/))
  await db().tenant.update({ where: { id: world.tenant.id }, data: { quotaVcpus: 2 } })
  const edit = await operationRow({ kind: 'edit-vm', input: { vcpuCount: 4 } })
  await expect(owner.operation.retry({ id: edit.id })).rejects.toMatchObject(refusal('conflict', /quota of 2 vCPUs/))
  const move = await operationRow({ kind: 'migrate-vm', input: { destinationHostId: world.secondHost.id } })
  await expect((await as('operator')).operation.retry({ id: move.id })).rejects.toMatchObject(
    refusal('conflict', /can’t move there/),
  )
})

test('an edit that is tried again takes its room from the quota', async () => {
  // Its two VMs of one vCPU each, and three more: just what the quota allows.
  await db().tenant.update({ where: { id: world.tenant.id }, data: { quotaVcpus: 5 } })
  const edit = await operationRow({ kind: 'edit-vm', input: { vcpuCount: 4 } })
  const { operationId } = await (await as('owner')).operation.retry({ id: edit.id })
  expect(await byId(operationId)).toMatchObject({ reservedVcpus: 3, tenantId: world.tenant.id })
})

test('a creation that was undone is placed and counted anew', async () => {
  const owner = await as('owner')
  const first = await owner.vm.create({
    ...{ name: `new-${world.mark}`, tenantId: world.tenant.id, siteId: world.host.siteId, templateId: null },
    ...{ vcpuCount: 1, memoryBytes: 2 ** 27, disks: [{ sizeBytes: 2 ** 27 }], networks: [] },
  })
  await db().vm.delete({ where: { id: first.vmId } })
  await db().operation.update({ where: { id: first.operationId }, data: { state: 'failed', finishedAt: new Date() } })
  const { operationId } = await owner.operation.retry({ id: first.operationId })
  const again = await byId(operationId)
  expect(again).toMatchObject({ kind: 'create-vm', state: 'queued', hostId: world.host.id })
  expect(await db().vm.findUniqueOrThrow({ where: { id: again.targetId } })).toMatchObject({
    ...{ state: 'creating', name: `new-${world.mark}`, tenantId: world.tenant.id },
  })
})

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
  const other = await createVm(db(), world.host, world.tenant.id)
  const move = await operationRow({
    ...{ kind: 'migrate-vm', parentId: bulk.id, targetId: other.id, state: 'running', input: {} },
  })
  await expect((await as('owner')).operation.cancel({ id: bulk.id })).rejects.toMatchObject(refusal('forbidden'))
  await (await as('operator')).operation.cancel({ id: bulk.id })
  expect((await byId(move.id)).state).toBe('cancelling')
})

test('an input is shown to who may ask for the like, its secrets to nobody', async () => {
  const userData = `password: hush-${world.mark}`
  const create = await operationRow({ kind: 'create-vm', input: { name: 'new', userData } })
  const definition = await operationRow({ kind: 'edit-vm-xml', input: { xml: `<domain>${world.mark}</domain>` } })
  const addition = await operationRow({
    ...{ kind: 'add-host', targetKind: 'host', targetId: randomUUID(), tenantId: null },
    input: { uri: 'qemu+tls://x/system', sealed: `sealed-${world.mark}`, credential: 'c' },
  })
  const inputOf = async (who: 'viewer' | 'owner' | 'operator', { id }: { id: string }) =>
    (await (await as(who)).operation.get({ id })).input
  expect(await inputOf('viewer', create)).toBeNull()
  expect(await inputOf('owner', create)).toEqual({ name: 'new' })
  expect(await inputOf('operator', create)).toEqual({ name: 'new' })
  expect(await inputOf('owner', definition)).toBeNull()
  expect(await inputOf('operator', definition)).toMatchObject({ xml: expect.stringContaining(world.mark) })
  expect(await inputOf('operator', addition)).toEqual({ uri: 'qemu+tls://x/system' })
})

test('what was secret is not there any more to be tried again with', async () => {
  const plan = { uri: `qemu+tls://${world.mark}/system`, hostId: randomUUID(), sealed: null }
  const target = { kind: 'test-host', targetKind: 'host', targetId: randomUUID(), tenantId: null }
  const operator = await as('operator')
  const withSecret = await operationRow({ ...target, input: { ...plan, forgotten: ['sealed'] } })
  await expect(operator.operation.retry({ id: withSecret.id })).rejects.toMatchObject(refusal('conflict', /credential/))
  const without = await operationRow({ ...target, input: plan })
  const { operationId } = await operator.operation.retry({ id: without.id })
  expect(await byId(operationId)).toMatchObject({ kind: 'test-host', input: { uri: plan.uri, sealed: null } })
})

test('a request sent twice is one operation, also when the first has changed what it would be judged by', async () => {
  const owner = await as('owner')
  const create = {
    ...{ name: `twice-${world.mark}`, tenantId: world.tenant.id, siteId: world.host.siteId, templateId: null },
    ...{ vcpuCount: 1, memoryBytes: 2 ** 27, disks: [{ sizeBytes: 2 ** 27 }], networks: [] },
    idempotencyKey: `create-${world.mark}`,
  }
  const [first, second] = [await owner.vm.create(create), await owner.vm.create(create)]
  expect(second).toEqual(first)
  expect(await db().vm.count({ where: { name: create.name } })).toBe(1)
  await expect(owner.vm.create({ ...create, vcpuCount: 2 })).rejects.toMatchObject(
    refusal('conflict', /another request/),
  )
  const power = { id: world.vm.id, action: 'suspend', idempotencyKey: `power-${world.mark}` } as const
  const suspend = await owner.vm.power(power)
  await db().vm.update({ where: { id: world.vm.id }, data: { state: 'paused' } })
  expect(await owner.vm.power(power)).toEqual(suspend)
  await expect(owner.vm.power({ ...power, action: 'resume' })).rejects.toMatchObject(
    refusal('conflict', /another request/),
  )
})

test('two at once with one key make one VM', async () => {
  await db().tenant.update({ where: { id: world.tenant.id }, data: { quotaVms: null } })
  const create = {
    ...{ name: `race-${world.mark}`, tenantId: world.tenant.id, siteId: world.host.siteId, templateId: null },
    ...{ vcpuCount: 1, memoryBytes: 2 ** 27, disks: [{ sizeBytes: 2 ** 27 }], networks: [] },
    idempotencyKey: `race-${world.mark}`,
  }
  const callers = await Promise.all([as('owner'), as('owner'), as('owner')])
  const made = await Promise.all(callers.map((caller) => caller.vm.create(create)))
  expect(new Set(made.map(({ vmId }) => vmId)).size).toBe(1)
})

test('a VM changes tenants only while nothing works on it; what was done stays with the tenant that asked', async () => {
  const operator = await as('operator')
  const assign = { ids: [world.vm.id], tenantId: cast.strangerTenantId }
  const [past, live] = [
    await operationRow(),
    await operationRow({ kind: 'measure-vm', exclusive: false, state: 'queued' }),
  ]
  await expect(operator.vm.assign(assign)).rejects.toMatchObject(refusal('conflict', /can’t change tenants now/))
  expect((await db().vm.findUniqueOrThrow({ where: { id: world.vm.id } })).tenantId).toBe(world.tenant.id)
  await db().operation.update({ where: { id: live.id }, data: { state: 'succeeded' } })
  await operator.vm.assign(assign)
  expect((await db().vm.findUniqueOrThrow({ where: { id: world.vm.id } })).tenantId).toBe(cast.strangerTenantId)
  expect((await byId(past.id)).tenantId).toBe(world.tenant.id)
  await expect((await as('stranger')).operation.get({ id: past.id })).rejects.toMatchObject(refusal('not-found'))
})

test('while a VM is cloned nothing else works on it, and while something does it is not cloned', async () => {
  const owner = await as('owner')
  await db().vm.update({ where: { id: world.vm.id }, data: { state: 'off' } })
  const { operationId, vmId } = await owner.vm.clone({ id: world.vm.id, name: `twin-${world.mark}` })
  expect(await db().vm.findUniqueOrThrow({ where: { id: vmId } })).toMatchObject({
    ...{ name: `twin-${world.mark}`, state: 'creating', tenantId: world.tenant.id },
  })
  const start = owner.vm.power({ id: world.vm.id, action: 'start' })
  await expect(start).rejects.toMatchObject(refusal('conflict', /being cloned/))
  await expect(owner.vm.power({ id: vmId, action: 'start' })).rejects.toMatchObject(
    refusal('conflict', /being created/),
  )
  await db().operation.update({ where: { id: operationId }, data: { state: 'succeeded' } })
  await owner.vm.power({ id: world.vm.id, action: 'start' })
  const second = owner.vm.clone({ id: world.vm.id, name: `second-${world.mark}` })
  await expect(second).rejects.toMatchObject(refusal('conflict', /being started/))
  expect(await db().vm.count({ where: { name: `second-${world.mark}` } })).toBe(0)
})

test('a host that is drained takes no new VM, however it comes to be', async () => {
  await db().host.update({ where: { id: world.host.id }, data: { draining: true } })
  await db().vm.update({ where: { id: world.vm.id }, data: { state: 'off' } })
  await db().recoveryPoint.update({ where: { id: world.recoveryPoint.id }, data: { shape, disks: [pointDisk] } })
  const [operator, drained] = [await as('operator'), refusal('conflict', /being drained/)]
  const name = `new-${world.mark}`
  await expect(operator.vm.clone({ id: world.vm.id, name })).rejects.toMatchObject(drained)
  await expect(operator.vm.create({ ...small(name), hostId: world.host.id })).rejects.toMatchObject(drained)
  const ofPoint = { recoveryPointId: world.recoveryPoint.id, name, place: { hostId: world.host.id } }
  await expect(operator.recoveryPoint.restoreNew(ofPoint)).rejects.toMatchObject(drained)
  await expect(operator.recoveryPoint.clone(ofPoint)).rejects.toMatchObject(drained)
  await db().host.update({ where: { id: world.secondHost.id }, data: { migrationUri: 'qemu+tls://second/system' } })
  await db().vm.update({ where: { id: world.busyVm.id }, data: { hostId: world.secondHost.id } })
  const migrate = { id: world.busyVm.id, destinationHostId: world.host.id }
  await expect(operator.vm.migrate(migrate)).rejects.toMatchObject(drained)
  expect(await db().vm.count({ where: { name } })).toBe(0)
  expect(await db().operation.count({ where: { tenantId: world.tenant.id } })).toBe(0)
})

test('what is still being made is in the plan of a drain, as one that stays', async () => {
  const twin = await createVm(db(), world.host, world.tenant.id, { state: 'creating' })
  const plan = await (await as('operator')).host.drainPlan({ id: world.host.id })
  expect(plan.find(({ vmId }) => vmId === twin.id)).toMatchObject({
    to: null,
    reasons: [expect.stringMatching(/still being created/)],
  })
})

test('no way to more than its quota: create, clone, restore as new, snapshot and assignment are refused', async () => {
  const [owner, operator] = [await as('owner'), await as('operator')]
  const limit = (data: Prisma.TenantUncheckedUpdateInput) =>
    db().tenant.update({ where: { id: world.tenant.id }, data: { quotaVms: null, quotaSnapshots: null, ...data } })
  await db().vm.update({ where: { id: world.vm.id }, data: { state: 'off', snapshotCount: 2 } })
  await db().recoveryPoint.update({ where: { id: world.recoveryPoint.id }, data: { shape, disks: [pointDisk] } })
  await limit({ quotaVms: 2 })
  const [name, full] = [`new-${world.mark}`, refusal('conflict', /a quota of 2 VMs: 2 used/)]
  await expect(owner.vm.create(small(name))).rejects.toMatchObject(full)
  await expect(owner.vm.clone({ id: world.vm.id, name })).rejects.toMatchObject(full)
  const place = { siteId: world.host.siteId }
  const restore = { recoveryPointId: world.recoveryPoint.id, name, place }
  await expect(owner.recoveryPoint.restoreNew(restore)).rejects.toMatchObject(full)
  await limit({ quotaSnapshots: 2 })
  const noMore = refusal('conflict', /a quota of 2 snapshots: 2 used/)
  await expect(owner.snapshot.take({ vmId: world.vm.id, name: 'third' })).rejects.toMatchObject(noMore)
  await limit({ quotaSnapshots: 3 })
  const other = await createVm(db(), world.host, null, { snapshotCount: 2 })
  const assign = { ids: [other.id], tenantId: world.tenant.id }
  await expect(operator.vm.assign(assign)).rejects.toMatchObject(refusal('conflict', /quota of 3 snapshots: 2 used/))
  expect((await db().vm.findUniqueOrThrow({ where: { id: other.id } })).tenantId).toBeNull()
  await limit({ quotaSnapshots: 4 })
  await operator.vm.assign(assign)
  expect((await db().vm.findUniqueOrThrow({ where: { id: other.id } })).tenantId).toBe(world.tenant.id)
})

test('a member of two tenants is told to act on one at a time; an operator acts on both', async () => {
  const other = await createWorld(services, cast)
  await db().operation.deleteMany({ where: { id: other.operation.id } })
  const ask = { ids: [world.vm.id, other.vm.id], action: 'suspend' as const }
  await expect((await as('owner')).vm.bulkPower(ask)).rejects.toMatchObject(refusal('conflict', /2 tenants/))
  const { operationId } = await (await as('operator')).vm.bulkPower(ask)
  expect((await byId(operationId)).tenantId).toBeNull()
  expect(await db().operation.count({ where: { parentId: operationId } })).toBe(2)
})

test('tags and assignments of many have a result for each: one that can’t does not keep the others from it', async () => {
  const elsewhere = await createWorld(services, cast)
  await db().tenantMember.update({ where: { id: elsewhere.ownerMember.id }, data: { role: 'viewer' } })
  const ids = [world.vm.id, elsewhere.vm.id, world.busyVm.id]
  const tagged = await (await as('owner')).vm.setTags({ ids, add: ['prod'], remove: [] })
  expect(tagged.done).toEqual([world.vm.id, world.busyVm.id])
  expect(tagged.refused).toEqual([
    { vmId: elsewhere.vm.id, name: elsewhere.vm.name, reason: expect.stringMatching(/is viewer/) },
  ])
  const tagsOf = async (id: string) => (await db().vm.findUniqueOrThrow({ where: { id } })).tags
  expect(await Promise.all(ids.map(tagsOf))).toEqual([['prod'], [], ['prod']])

  await operationRow({ targetId: world.busyVm.id, targetName: world.busyVm.name, state: 'running' })
  const assigned = await (await as('operator')).vm.assign({ ids, tenantId: cast.strangerTenantId })
  expect(assigned.refused).toEqual([
    { vmId: world.busyVm.id, name: world.busyVm.name, reason: expect.stringMatching(/can’t change tenants now/) },
  ])
  const tenantOf = async (id: string) => (await db().vm.findUniqueOrThrow({ where: { id } })).tenantId
  expect(await Promise.all(ids.map(tenantOf))).toEqual([cast.strangerTenantId, cast.strangerTenantId, world.tenant.id])
})

test('a refused placement tells the reasons and no host’s name', async () => {
  const create = (await as('owner')).vm.create({
    ...{ name: `big-${world.mark}`, tenantId: world.tenant.id, siteId: world.host.siteId, templateId: null },
    ...{ vcpuCount: 1, memoryBytes: 2 ** 40, disks: [{ sizeBytes: 2 ** 27 }], networks: [] },
  })
  const error: unknown = await create.catch((thrown: unknown) => thrown)
  expect(error).toMatchObject(refusal('conflict', /not enough memory/))
  expect(String(error)).not.toContain(world.host.name)
})

test('why a host can’t be reached is told to operators alone', async () => {
  const stateReason = 'connect ECONNREFUSED 10.0.0.7'
  await db().host.update({ where: { id: world.host.id }, data: { state: 'unreachable', stateReason } })
  expect((await (await as('owner')).vm.get({ id: world.vm.id })).host.stateReason).toBeNull()
  expect((await (await as('operator')).vm.get({ id: world.vm.id })).host.stateReason).toBe(stateReason)
})
