import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '#lab/command.ts'
import { waitForAgent } from '#lab/guest/guest.ts'
import { askForExpiry } from '#server/core/archival-round.ts'
import { listArchivedPoints } from '#server/core/archived-point.ts'
import { restorablePoint } from '#server/core/restore-new-vm.ts'
import { readVm } from '#server/core/vm.ts'
import { inScope } from '#server/db.ts'
import { hashForever, hashInside, hashOfFile } from '#server/testing/disk-start.ts'
import { noFault } from '#server/testing/fault.ts'
import { type FleetGuest, type FleetHost, type TestFleet, testFleet } from '#server/testing/fleet.ts'
import { reachOverTls } from '#server/testing/fleet-tls.ts'
import { testRepositories } from '#server/testing/repositories.ts'
import { askClonePoint, recoveryPointRow } from '#server/testing/restore-new.ts'
import { resumeClones } from '#server/testing/stalled-clones.ts'
import { packsOf } from '#server/testing/store-files.ts'
import { WorkerChild } from '#server/testing/worker-child.ts'

let fleet: TestFleet
let a: FleetHost
let guest: FleetGuest
let worker: WorkerChild
let folder = ''
let pointId = ''
const [tenantId, datastoreId, archiveStoreId] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()]
const then = () => join(folder, 'then.raw')
const far = () => join(folder, 'far')

async function startWorker(workerId: string) {
  worker = new WorkerChild(fleet.databaseUrl, fleet.exports)
  await worker.begin({ workerId })
}

/** Two recovery points of the same, of which the archive takes the older whole and the datastore keeps the newer. */
async function archive() {
  const repositories = testRepositories(fleet.db, join(folder, 'cache'))
  const near = join(folder, 'near')
  await repositories.prepare({ storeId: datastoreId, location: { kind: 'folder', path: near }, sealed: null })
  await repositories.prepare({ storeId: archiveStoreId, location: { kind: 'folder', path: far() }, sealed: null })
  await fleet.db.datastore.create({ data: { id: datastoreId, name: 'near', kind: 'folder', location: { path: near } } })
  await fleet.db.archiveStore.create({
    data: {
      ...{ id: archiveStoreId, name: 'far', kind: 'folder', location: { path: far() }, currency: 'EUR' },
      ...{ pricePerGbMonth: 1, pricePerGbRead: 2, firstByteSeconds: 0 },
      grants: { create: { tenantId, minKeepDays: 1, maxKeepDays: 1000, mayDeleteLocal: true } },
    },
  })
  const repository = await repositories.repository(datastoreId, tenantId)
  const bytes = await readFile(then())
  for (const id of [pointId, crypto.randomUUID()]) {
    const writer = await repository.startBackup({ id, disks: [{ name: 'vda', sizeBytes: bytes.length }] })
    await writer.write('vda', 0, bytes)
    await writer.commit()
    await recoveryPointRow(fleet, a, guest, { id, datastoreId, tenantId })
  }
  await repositories.close()
  const policy = await fleet.db.archivalPolicy.create({
    data: {
      ...{ tenantId, name: 'all', archiveStoreId, allVms: true, which: 'every', begins: 'age', minAgeDays: 0 },
      ...{ timeZone: 'UTC', keepDays: 100, localCopy: 'delete', createdBy: 'Tester' },
      nextAt: new Date(Date.now() + 1e9),
    },
  })
  expect(await archiveRun(policy.id)).toMatchObject({ error: null, result: { archived: 2, released: 1 } })
}

const archiveRun = async (policyId: string | null) => {
  const target = { kind: 'archive-store' as const, id: archiveStoreId, name: 'far' }
  const input = { policyId, archiveStoreId }
  return fleet.ended(await fleet.ask({ kind: 'archive-recovery-points', target, tenantId, exclusive: false, input }))
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-clone-archived-'))
  fleet = await testFleet('archived clones', ['a'])
  a = fleet.host('a')
  guest = await fleet.guest('a', { name: 'web', memoryMib: 96, off: true })
  await reachOverTls(fleet, a)
  await fleet.db.tenant.create({ data: { id: tenantId, name: 'Polar', slug: 'polar' } })
  await fleet.db.vm.update({ where: { id: guest.id }, data: { tenantId } })
  await run('qemu-img', ['convert', '-O', 'raw', a.lab.outsidePath(guest.diskPath), then()])
  pointId = crypto.randomUUID()
  await startWorker('first')
  await archive()
  // Nothing near is left to read.
  expect(await fleet.db.recoveryPoint.count({ where: { id: pointId } })).toBe(0)
  await rename(join(folder, 'near'), join(folder, 'lost'))
})
afterAll(async () => {
  await worker?.stop()
  await fleet?.close()
  await rm(folder, { recursive: true, force: true })
})

const wanted = (name: string, more: object = {}) => ({ name, place: { hostId: a.id }, archiveStoreId, ...more })
const clone = async (name: string, more: object = {}) => {
  const asked = await askClonePoint(fleet, pointId, wanted(name, more))
  expect((await fleet.ended(asked.id)).error).toBeNull()
  return asked.targetId
}

/** What the worker serves of a clone’s disk against what the disk was, by QEMU. */
async function compared(name: string): Promise<string> {
  const { caCertPath, certPath, keyPath } = a.lab.pki
  const credentials = join(folder, 'credentials')
  await mkdir(credentials, { recursive: true })
  const files = { 'ca-cert.pem': caCertPath, 'client-cert.pem': certPath, 'client-key.pem': keyPath }
  for (const [file, path] of Object.entries(files)) await copyFile(path, join(credentials, file))
  const xml = await a.lab.virsh('dumpxml', '--inactive', name)
  const [, exportName = ''] = /protocol='nbd' name='([^']+)'/.exec(xml) ?? []
  const served = {
    ...{ driver: 'raw', 'file.driver': 'nbd', 'file.server.type': 'inet', 'file.server.host': '127.0.0.1' },
    ...{ 'file.server.port': fleet.exports.port, 'file.export': exportName },
    ...{ 'file.tls-creds': 'tls', 'file.tls-hostname': 'skerry-worker' },
  }
  const options = (image: object) =>
    Object.entries(image)
      .map(([key, value]) => `${key}=${value}`)
      .join(',')
  const file = { driver: 'raw', 'file.driver': 'file', 'file.filename': then() }
  const object = `tls-creds-x509,id=tls,endpoint=client,dir=${credentials}`
  return run('qemu-img', ['compare', '--object', object, '--image-opts', options(served), options(file)])
}

test('one is cloned straight from the archive, byte for byte, with nothing of it left in any datastore', async () => {
  const askedAt = performance.now()
  const vmId = await clone('web-far', { start: true })
  console.log(`the clone of what is archived ran after ${Math.round(performance.now() - askedAt)} ms`)
  expect(await compared('web-far')).toMatch(/identical/)
  await waitForAgent(a.lab, 'web-far', 90_000)
  expect(await hashInside(a.lab, 'web-far')).toBe(await hashOfFile(then()))
  const vm = await fleet.db.$transaction((tx) => readVm(tx, vmId))
  expect(vm).toMatchObject({ standsOnId: pointId, standsOn: null, standsOnArchived: { archiveStore: { name: 'far' } } })
})

test('a killed worker has its guest stand still, and the next one has it go on with the right bytes', async () => {
  const reading = await hashForever(a.lab, 'web-far', then())
  await reading.goesOn()
  const state = async () => (await a.lab.virsh('domstate', 'web-far', '--reason')).trim()
  await worker.stop()
  await expect.poll(state, { timeout: 60_000, interval: 500 }).toBe('paused (I/O error)')
  await startWorker('second')
  await resumeClones(fleet, a, { workerName: 'second', names: ['web-far'] })
  await waitForAgent(a.lab, 'web-far')
  await reading.goesOn()
})

test('what it reads is not expired under it, and nobody else’s to clone; one that is damaged is refused', async () => {
  const where = { id_archiveStoreId: { id: pointId, archiveStoreId } }
  await fleet.db.archivedPoint.updateMany({ data: { expiresAt: new Date(0) } })
  const packs = await packsOf(far())
  await fleet.db.archivedPoint.deleteMany({ where: { id: { not: pointId } } })
  expect(await fleet.db.$transaction((tx) => askForExpiry(tx, new Date(), noFault))).toBe(false)
  expect(await archiveRun(null)).toMatchObject({ error: null, result: { expired: 0 } })
  expect(await packsOf(far())).toEqual(packs)
  await expect(fleet.db.archivedPoint.delete({ where })).rejects.toThrow(/stands_on_archive_store_id/)
  const [listed] = await listArchivedPoints(fleet.db, { vmUuid: guest.uuid })
  expect(listed).toMatchObject({ id: pointId, clones: [{ name: 'web-far' }] })

  await expect(askClonePoint(fleet, pointId, wanted('follower', { follow: true }))).rejects.toMatchObject({
    ...{ code: 'invalid', field: 'follow' },
  })
  const asOther = inScope(fleet.db, { tenantIds: [crypto.randomUUID()] }, (tx) =>
    restorablePoint(tx, { recoveryPointId: pointId, archiveStoreId }),
  )
  await expect(asOther).rejects.toMatchObject({ code: 'not-found' })
  const answersAfter = (firstByteSeconds: number) =>
    fleet.db.archiveStore.update({ where: { id: archiveStoreId }, data: { firstByteSeconds } })
  await answersAfter(43_200)
  await expect(askClonePoint(fleet, pointId, wanted('late'))).rejects.toMatchObject({
    ...{ code: 'unsupported', message: expect.stringMatching(/^far gives what it holds only 43200 s after/) },
  })
  await answersAfter(0)
  const key = { recoveryPointId: pointId, archiveStoreId }
  await fleet.db.archivedPointDamage.create({
    data: { ...key, chunkCount: 1, disks: ['vda'], reason: 'gone', foundAt: new Date() },
  })
  await expect(askClonePoint(fleet, pointId, wanted('broken'))).rejects.toMatchObject({
    ...{ code: 'conflict', message: expect.stringMatching(/can’t be restored from the archive store/) },
  })
  await fleet.db.archivedPointDamage.deleteMany()
})

test('kept on its own it needs the archive no more, which may then let it go', async () => {
  const vm = await fleet.db.vm.findFirstOrThrow({ where: { name: 'web-far' } })
  const target = { kind: 'vm' as const, id: vm.id, name: vm.name }
  const kept = await fleet.ask({ kind: 'keep-clone', target, tenantId, hostId: a.id, input: {} })
  expect((await fleet.ended(kept, 120_000)).error).toBeNull()
  expect(await a.lab.virsh('dumpxml', 'web-far')).not.toMatch(/protocol='nbd'/)
  expect(await fleet.db.$transaction((tx) => askForExpiry(tx, new Date(Date.now() + 1e7), noFault))).toBe(true)
  const asked = await fleet.db.operation.findFirstOrThrow({ orderBy: { createdAt: 'desc' } })
  expect(await fleet.ended(asked.id)).toMatchObject({ error: null, result: { expired: 1 } })
  expect(await fleet.db.archivedPoint.count()).toBe(0)
  await worker.stop()
  await rm(far(), { recursive: true })
  expect(await hashInside(a.lab, 'web-far')).toBe(await hashOfFile(then()))
})
