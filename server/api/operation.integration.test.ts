import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { refusal, worldForTests } from '#server/testing/world-for-tests.ts'

const { as, db, operationById, operationRow, own, small } = worldForTests()

test('tried again, it is asked of the VM as it is now: at its present host', async () => {
  const failed = await operationRow()
  await db().vm.update({ where: { id: own.world.vm.id }, data: { hostId: own.world.secondHost.id } })
  const { operationId } = await (await as('owner')).operation.retry({ id: failed.id })
  expect(await operationById(operationId)).toMatchObject({
    ...{ kind: 'power-vm', targetId: own.world.vm.id, hostId: own.world.secondHost.id, state: 'queued' },
    input: { action: 'suspend' },
  })
})

test('of a VM that was given to another tenant the old one can neither repeat nor stop an operation', async () => {
  const [failed, live] = [await operationRow(), await operationRow({ state: 'running' })]
  await db().vm.update({ where: { id: own.world.vm.id }, data: { tenantId: own.cast.strangerTenantId } })
  const owner = await as('owner')
  await expect(owner.operation.retry({ id: failed.id })).rejects.toMatchObject(refusal('not-found'))
  await expect(owner.operation.cancel({ id: live.id })).rejects.toMatchObject(refusal('not-found'))
  expect(await db().operation.count({ where: { targetId: own.world.vm.id } })).toBe(2)
  expect((await operationById(live.id)).cancelRequestedAt).toBeNull()
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
  expect(await operationById(operationId)).toMatchObject({
    ...{ kind: 'undo-operation', targetId: own.world.vm.id, tenantId: own.world.tenant.id, state: 'queued' },
    input: { operationId: dirty.id },
  })
  await expect(owner.operation.cleanUp({ id: dirty.id })).rejects.toMatchObject(refusal('conflict', /being cleaned up/))
  await db().operation.update({ where: { id: operationId }, data: { state: 'failed', finishedAt: new Date() } })
  const again = await owner.operation.retry({ id: operationId })
  expect(await operationById(again.operationId)).toMatchObject({
    kind: 'undo-operation',
    input: { operationId: dirty.id },
  })
})

test('state, protection, quota and destination are judged anew', async () => {
  const owner = await as('owner')
  const suspend = await operationRow()
  await db().vm.update({ where: { id: own.world.vm.id }, data: { state: 'off', protected: true } })
  await expect(owner.operation.retry({ id: suspend.id })).rejects.toMatchObject(refusal('conflict', /It is off/))
  const deletion = await operationRow({ kind: 'delete-vm', input: {} })
  await expect(owner.operation.retry({ id: deletion.id })).rejects.toMatchObject(refusal('conflict', /protected/))
  await db().tenant.update({ where: { id: own.world.tenant.id }, data: { quotaVcpus: 2 } })
  const edit = await operationRow({ kind: 'edit-vm', input: { vcpuCount: 4 } })
  await expect(owner.operation.retry({ id: edit.id })).rejects.toMatchObject(refusal('conflict', /quota of 2 vCPUs/))
  const move = await operationRow({ kind: 'migrate-vm', input: { destinationHostId: own.world.secondHost.id } })
  await expect((await as('operator')).operation.retry({ id: move.id })).rejects.toMatchObject(
    refusal('conflict', /can’t move there/),
  )
})

test('an edit that is tried again takes its room from the quota', async () => {
  // Its two VMs of one vCPU each, and three more: just what the quota allows.
  await db().tenant.update({ where: { id: own.world.tenant.id }, data: { quotaVcpus: 5 } })
  const edit = await operationRow({ kind: 'edit-vm', input: { vcpuCount: 4 } })
  const { operationId } = await (await as('owner')).operation.retry({ id: edit.id })
  expect(await operationById(operationId)).toMatchObject({ reservedVcpus: 3, tenantId: own.world.tenant.id })
})

test('a creation that was undone is placed and counted anew', async () => {
  const owner = await as('owner')
  const first = await owner.vm.create(small(`new-${own.world.mark}`))
  await db().vm.delete({ where: { id: first.vmId } })
  await db().operation.update({ where: { id: first.operationId }, data: { state: 'failed', finishedAt: new Date() } })
  const { operationId } = await owner.operation.retry({ id: first.operationId })
  const again = await operationById(operationId)
  expect(again).toMatchObject({ kind: 'create-vm', state: 'queued', hostId: own.world.host.id })
  expect(await db().vm.findUniqueOrThrow({ where: { id: again.targetId } })).toMatchObject({
    ...{ state: 'creating', name: `new-${own.world.mark}`, tenantId: own.world.tenant.id },
  })
})

test('an input is shown to who may ask for the like, its secrets to nobody', async () => {
  const userData = `password: hush-${own.world.mark}`
  const create = await operationRow({ kind: 'create-vm', input: { name: 'new', userData } })
  const definition = await operationRow({ kind: 'edit-vm-xml', input: { xml: `<domain>${own.world.mark}</domain>` } })
  const addition = await operationRow({
    ...{ kind: 'add-host', targetKind: 'host', targetId: randomUUID(), tenantId: null },
    input: { uri: 'qemu+tls://x/system', sealed: `sealed-${own.world.mark}`, credential: 'c' },
  })
  const inputOf = async (who: 'viewer' | 'owner' | 'operator', { id }: { id: string }) =>
    (await (await as(who)).operation.get({ id })).input
  expect(await inputOf('viewer', create)).toBeNull()
  expect(await inputOf('owner', create)).toEqual({ name: 'new' })
  expect(await inputOf('operator', create)).toEqual({ name: 'new' })
  expect(await inputOf('owner', definition)).toBeNull()
  expect(await inputOf('operator', definition)).toMatchObject({ xml: expect.stringContaining(own.world.mark) })
  expect(await inputOf('operator', addition)).toEqual({ uri: 'qemu+tls://x/system' })
})

test('what was secret is not there any more to be tried again with', async () => {
  const plan = { uri: `qemu+tls://${own.world.mark}/system`, hostId: randomUUID(), sealed: null }
  const target = { kind: 'test-host', targetKind: 'host', targetId: randomUUID(), tenantId: null }
  const operator = await as('operator')
  const withSecret = await operationRow({ ...target, input: { ...plan, forgotten: ['sealed'] } })
  await expect(operator.operation.retry({ id: withSecret.id })).rejects.toMatchObject(refusal('conflict', /credential/))
  const without = await operationRow({ ...target, input: plan })
  const { operationId } = await operator.operation.retry({ id: without.id })
  expect(await operationById(operationId)).toMatchObject({ kind: 'test-host', input: { uri: plan.uri, sealed: null } })
})
