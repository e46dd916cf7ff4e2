import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { databaseForTests } from '#server/testing/database-for-tests.ts'
import { noFault } from '#server/testing/fault.ts'
import { createHost, createVm } from '#server/testing/vm.ts'
import { askToFollow } from './clone-follow.ts'
import { syncProtections } from './protection-policy.ts'
import { policyTurns } from './protection-round.ts'
import { type PointUse, restorePlaces } from './restore-new-vm.ts'
import { assignVms } from './vm.ts'

const own = databaseForTests({ scope: 'fleet', poolSize: 5 })
const dayMs = 86_400_000

/** A VM with two recovery points of a policy that keeps one, and a clone of the older. */
async function arrange() {
  const { db } = own
  const host = await createHost(db)
  const vm = await createVm(db, host, null)
  const datastore = await db.datastore.create({
    data: { name: randomUUID(), kind: 'folder', location: { path: '/x' } },
  })
  const policy = await db.protectionPolicy.create({
    data: {
      ...{ name: randomUUID(), madeBy: 'operator', schedules: [], timeZone: 'UTC', retention: { last: 1 } },
      ...{ datastoreId: datastore.id, lateAfterMinutes: 60, nextAt: new Date(Date.now() + dayMs), createdBy: 'tester' },
    },
  })
  const point = async (ageDays: number) => {
    const takenAt = new Date(Date.now() - ageDays * dayMs)
    const { id } = await db.recoveryPoint.create({
      data: {
        ...{ id: randomUUID(), vmId: vm.id, vmUuid: vm.uuid, vmName: vm.name, datastoreId: datastore.id, takenAt },
        ...{ consistency: 'crash', reading: 'full', disks: [], sizeBytes: 1n, readBytes: 1n, storedBytes: 1n },
        ...{ tookMs: 1, definition: new Uint8Array(1), origin: 'policy', policyId: policy.id },
      },
    })
    return id
  }
  const [older] = [await point(3), await point(1)]
  const clone = await createVm(db, host, null, { standsOnId: older })
  /** What retention asks to be removed */
  const going = async () => {
    await db.operation.updateMany({ data: { state: 'succeeded', finishedAt: new Date() } })
    await db.operation.deleteMany()
    await db.protectionPolicy.update({ where: { id: policy.id }, data: { prunedAt: new Date(0) } })
    for (const turn of policyTurns) {
      while (await db.$transaction((tx) => turn(tx, new Date(), noFault)));
    }
    const asked = await db.operation.findMany({ where: { kind: 'remove-recovery-points' } })
    return asked.map(({ input }) => input)
  }
  return { db, clone, older, going }
}

test('retention leaves what a clone stands on, and takes it when the clone is on its own', async () => {
  const { db, clone, older, going } = await arrange()
  expect(await going()).toEqual([])
  await db.vm.update({ where: { id: clone.id }, data: { standsOnId: null } })
  expect(await going()).toEqual([expect.objectContaining({ ids: [older] })])
})

test('Postgres itself keeps it, and the clone stays in its tenant', async () => {
  const { db, clone, older } = await arrange()
  await expect(db.recoveryPoint.delete({ where: { id: older } })).rejects.toThrow(/vm_stands_on_local_id_fkey/)
  const moved = db.$transaction((tx) => assignVms(tx, [clone.id], null))
  await expect(moved).rejects.toMatchObject({ code: 'conflict', message: expect.stringMatching(/shares blocks/) })
  await db.vm.delete({ where: { id: clone.id } })
  await db.recoveryPoint.delete({ where: { id: older } })
})

test('a host whose worker can’t be read from is no place for a clone, and says why', async () => {
  const { db } = own
  const host = await createHost(db)
  const cloneObstacle = 'The worker has no certificate.'
  await db.worker.create({ data: { id: host.name, hostname: 'x', pid: 1, version: '0', cloneObstacle } })
  await db.host.update({ where: { id: host.id }, data: { workerId: host.name } })
  const shape = {
    ...{ vcpuCount: 1, memoryBytes: 2 ** 30, architecture: 'x86_64', machineType: null, cpuMode: null },
    ...{ accelerator: 'kvm', cards: [] },
  }
  const point = {
    ...{ id: randomUUID(), tenantId: null, disks: [], shape, vmName: 'web' },
    ...{ datastoreId: randomUUID(), archiveStoreId: null, invalidAt: null },
  }
  const reasons = async (use: PointUse) => {
    const places = await db.$transaction((tx) => restorePlaces(tx, point, { use, start: false }))
    return places.find(({ hostId }) => hostId === host.id)?.reasons ?? []
  }
  expect(await reasons('clone-recovery-point')).toContain(cloneObstacle)
  expect(await reasons('restore-new-vm')).not.toContain(cloneObstacle)
  // Through ssh the worker's certificate does not matter; what is in that host's own way does.
  await db.host.update({ where: { id: host.id }, data: { uri: 'qemu+ssh://far/system' } })
  expect(await reasons('clone-recovery-point')).not.toContain(cloneObstacle)
  await db.host.update({ where: { id: host.id }, data: { cloneObstacle: 'Its sshd forbids it.' } })
  expect(await reasons('clone-recovery-point')).toContain('Its sshd forbids it.')
  expect(await reasons('restore-new-vm')).not.toContain('Its sshd forbids it.')
})

test('a clone is under no policy as long as it shares blocks, since it can’t be backed up', async () => {
  const { db, clone } = await arrange()
  await db.protectionPolicy.updateMany({ data: { allVms: true } })
  const isUnder = async () => {
    await db.$transaction((tx) => syncProtections(tx))
    return (await db.protection.count({ where: { vmId: clone.id } })) > 0
  }
  expect(await isUnder()).toBe(false)
  await db.vm.update({ where: { id: clone.id }, data: { standsOnId: null } })
  expect(await isUnder()).toBe(true)
})

test('a copy that could not be moved to a newer point is not asked for again every minute', async () => {
  const { db, clone } = await arrange()
  await db.vm.update({ where: { id: clone.id }, data: { state: 'off', follows: true } })
  const asked = (minutes: number) =>
    db.$transaction((tx) => askToFollow(tx, new Date(Date.now() + minutes * 60_000), noFault))
  expect(await asked(0)).toBe(true)
  expect(await asked(5)).toBe(false)
  await db.operation.updateMany({
    where: { kind: 'follow-source' },
    data: { state: 'failed', finishedAt: new Date() },
  })
  expect(await asked(5)).toBe(false)
  expect(await asked(31)).toBe(true)
})
