import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Db, openDb, type Scope } from '#server/db.ts'
import type { LiveBatch } from '#server/schema/live.ts'
import { testDatabase } from '#server/testing/postgres.ts'
import { createHost, createVm } from '#server/testing/vm.ts'
import { ChangeFeed } from './change-feed.ts'
import { LiveHub } from './live-hub.ts'

let database: Awaited<ReturnType<typeof testDatabase>>
let db: Db
let feed: ChangeFeed
let hub: LiveHub
let host: Awaited<ReturnType<typeof createHost>>
let marker: Awaited<ReturnType<typeof createVm>>

beforeAll(async () => {
  database = await testDatabase()
  db = openDb(database.url, { scope: 'fleet' })
  feed = new ChangeFeed(database.url)
  await feed.open()
  hub = new LiveHub({ db: openDb(database.url), fleetDb: db }, feed)
  host = await createHost(db)
  for (const id of ['acme', 'globex', 'marking']) await db.tenant.create({ data: { id, name: id, slug: id } })
  marker = await createVm(db, host, 'marking')
})

afterAll(async () => {
  await feed.close()
  await db.$disconnect()
  await database.close()
})

// Notices of one test's preparation are not the next one's.
beforeEach(() => settled())

/** What a browser of this scope is told of `change`. */
async function told(scope: Scope, change: () => Promise<unknown>): Promise<LiveBatch[]> {
  const { batches, end } = listen(scope)
  await change()
  await expect.poll(() => batches.length, { timeout: 20_000 }).toBeGreaterThan(0)
  await settled()
  end()
  return batches
}

/**
 * Returns when everybody has been told what was announced by now. Notices come in the order of their transactions, and the
 * scope that was subscribed last is told last: when it hears of a change of the marker, no earlier one is still to come.
 */
async function settled() {
  const heard = Promise.withResolvers<void>()
  const end = hub.subscribe({ tenantIds: ['marking'] }, () => heard.resolve())
  await db.vm.update({ where: { id: marker.id }, data: { notes: crypto.randomUUID() } })
  await heard.promise
  end()
}

function listen(scope: Scope) {
  const batches: LiveBatch[] = []
  const end = hub.subscribe(scope, (text) => {
    const batch: LiveBatch = JSON.parse(text)
    const vms = batch.vms.filter(({ id }) => id !== marker.id)
    const { vms: all, ...rest } = batch
    const isMarker = vms.length < all.length && !Object.values(rest).some((value) => [value].flat().some(Boolean))
    if (vms.length > 0 || !isMarker) batches.push({ ...batch, vms })
  })
  return { batches, end }
}

const acme: Scope = { tenantIds: ['acme'] }
const globex: Scope = { tenantIds: ['globex'] }

test('a changed VM reaches its tenant and the operators, in one batch, and nobody else', async () => {
  const vm = await createVm(db, host, 'acme')
  await settled()
  const change = () => db.vm.update({ where: { id: vm.id }, data: { state: 'paused' } })
  expect((await told(acme, change)).map((batch) => batch.vms.map((row) => row.state))).toEqual([['paused']])
  expect((await told('fleet', () => db.vm.update({ where: { id: vm.id }, data: { state: 'running' } }))).length).toBe(1)
  const other = listen(globex)
  await told('fleet', change)
  other.end()
  expect(other.batches).toEqual([])
})

test('a VM given to another tenant is gone for the first and there for the second', async () => {
  const vm = await createVm(db, host, 'acme')
  await settled()
  const first = listen(acme)
  const second = await told(globex, () => db.vm.update({ where: { id: vm.id }, data: { tenantId: 'globex' } }))
  first.end()
  expect(first.batches.flatMap((batch) => batch.removedVmIds)).toEqual([vm.id])
  expect(first.batches.flatMap((batch) => batch.vms)).toEqual([])
  expect(second.flatMap((batch) => batch.vms.map((row) => row.id))).toEqual([vm.id])
})

test('what belongs to a VM changes it and neither brings nor removes it', async () => {
  const vm = await createVm(db, host, 'acme')
  const disk = await db.disk.create({
    data: { vmId: vm.id, target: 'vda', bus: 'virtio', device: 'disk', kind: 'file' },
  })
  await settled()
  for (const change of [
    () => db.vmEvent.create({ data: { vmId: vm.id, kind: 'started' } }),
    () => db.disk.delete({ where: { id: disk.id } }),
  ]) {
    const [batch] = await told('fleet', change)
    expect(batch).toMatchObject({ removedVmIds: [], places: false, counts: false })
    expect(batch?.vms.map((row) => row.id)).toEqual([vm.id])
  }
})

test("a host's load is told apart from its place, to tenants without the host; its lease is told to nobody", async () => {
  const load = (cpuUsage: number) => () =>
    db.host.update({ where: { id: host.id }, data: { cpuUsage, cpuFullSince: cpuUsage === 1 ? new Date() : null } })
  expect(await told('fleet', load(0.4))).toMatchObject([{ load: true, places: false, changedHostIds: [host.id] }])
  expect(await told(acme, load(0.5))).toMatchObject([{ load: true, places: false, changedHostIds: [] }])
  expect(await told(acme, load(1))).toMatchObject([{ load: true, places: false, changedHostIds: [] }])
  const lease = () => db.host.update({ where: { id: host.id }, data: { workerId: 'w', leaseExpiresAt: new Date() } })
  const other = listen('fleet')
  await lease()
  await settled()
  other.end()
  expect(other.batches).toEqual([])
  const state = () => db.host.update({ where: { id: host.id }, data: { state: 'unreachable' } })
  expect(await told('fleet', state)).toMatchObject([{ load: false, places: true, changedHostIds: [host.id] }])
})

test('a VM that comes or goes changes the counts beside places and not the places', async () => {
  const came = await told('fleet', () => createVm(db, host, 'acme', { name: 'coming' }))
  expect(came).toMatchObject([{ places: false, counts: true, vms: [{ name: 'coming' }] }])
  const went = await told('fleet', () => db.vm.deleteMany({ where: { name: 'coming' } }))
  expect(went).toMatchObject([{ places: false, counts: true, removedVmIds: [expect.any(String)] }])
})

test('what a worker finds out about a datastore is told; that one looks after it is not', async () => {
  const { id } = await db.datastore.create({ data: { name: 'vault', kind: 'folder', location: {} } })
  await settled()
  const found = () => db.datastore.update({ where: { id }, data: { state: 'read_only' } })
  expect(await told('fleet', found)).toMatchObject([{ datastores: true, places: false, counts: false }])
  const damage = { datastoreId: id, what: 'pack', reason: 'gone', hurts: [], foundAt: new Date() }
  expect(await told('fleet', () => db.storeDamage.create({ data: damage }))).toMatchObject([{ datastores: true }])
  const other = listen('fleet')
  await db.datastore.update({ where: { id }, data: { careUntil: new Date(), stateAt: new Date() } })
  await settled()
  other.end()
  expect(other.batches).toEqual([])
})

test('more changes than can be named ask for reading everything again', async () => {
  await db.$executeRaw`INSERT INTO vm (id, uuid, host_id, site_id, name, state, vcpu_count, memory_bytes, tenant_id)
    SELECT gen_random_uuid(), gen_random_uuid(), ${host.id}::uuid, ${host.siteId}::uuid, 'many-' || n, 'off', 1, 1, 'acme'
    FROM generate_series(1, 2500) AS n`
  await settled()
  const batches = await told(acme, () => db.$executeRaw`UPDATE vm SET notes = 'x' WHERE name LIKE 'many-%'`)
  expect(batches.some((batch) => batch.reset)).toBe(true)
})
