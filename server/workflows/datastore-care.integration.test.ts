import { execFile } from 'node:child_process'
import { cp, rename, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { listDatastores } from '#server/core/datastore.ts'
import { listDatastorePoints, readDatastore, readTenantShare } from '#server/core/datastore-page.ts'
import { askForCare } from '#server/core/datastore-schedule.ts'
import { damageText, demandRestorable } from '#server/core/store-damage.ts'
import { inScope, openDb } from '#server/db.ts'
import { restoreById } from '#server/repository/testing/scratch.ts'
import { type DatastoreTrial, datastoreTrial, imageOf } from '#server/testing/datastore-trial.ts'
import { type TestEngine, testEngine } from '#server/testing/engine.ts'
import { type TestFleet, testFleet } from '#server/testing/fleet.ts'
import { flipByte } from '#server/testing/flip-byte.ts'
import { careForOne } from './datastore-care.ts'
import { noTenantId } from './repositories.ts'

const run = promisify(execFile)
const quiet = { warn: () => {} } as unknown as Parameters<typeof careForOne>[0]['log']

let fleet: TestFleet
let engine: TestEngine
let trial: DatastoreTrial
let count = 0
beforeAll(async () => {
  fleet = await testFleet('datastore care', [])
  engine = await testEngine(fleet)
})
afterAll(async () => {
  await engine?.stop()
  await fleet?.close()
})
beforeEach(async () => {
  trial = await datastoreTrial(fleet.db, `care-${++count}`)
})
afterEach(() => trial.clear())

const page = () => fleet.db.$transaction((tx) => readDatastore(tx, trial.id))
/** Looks after it now, as a worker does when somebody asked for it. */
async function care() {
  await fleet.db.datastore.update({ where: { id: trial.id }, data: { measureNow: true } })
  while (await careForOne({ db: fleet.db, repositories: trial.repositories, log: quiet }));
  return page()
}
async function verify(whole = true) {
  const end = await fleet.ended(await fleet.ask({ kind: 'verify-datastore', ...trial.asked, input: { whole } }))
  expect(end.error).toBeNull()
  return page()
}
const sha256 = async (path: string) => (await run('sha256sum', [path])).stdout.split(' ')[0]

test('a flipped byte, a truncated pack, a pack that is gone: named with the recovery point hurt, never restored, healed by the next backup', async () => {
  const image = imageOf(3, 60)
  const breakings: ((pack: string) => Promise<unknown>)[] = [
    (pack) => flipByte(pack, 5000),
    (pack) => truncate(pack, 3000),
    (pack) => rm(pack),
  ]
  for (const breaking of breakings) {
    const hurt = await trial.backUp({ image })
    expect((await verify()).damages.filter(({ healedAt }) => !healedAt)).toEqual([])
    const [pack = ''] = await trial.packs()
    const before = await sha256(pack)
    await breaking(pack)
    expect(await sha256(pack).catch(() => 'gone')).not.toBe(before)

    const broken = await verify()
    const open = broken.damages.filter(({ healedAt }) => !healedAt)
    expect(open.length).toBeGreaterThan(0)
    const points = new Set(open.flatMap(({ hurts }) => hurts.map(({ recoveryPointId }) => recoveryPointId)))
    expect(points).toContain(hurt)
    const listed = await fleet.db.$transaction((tx) => listDatastorePoints(tx, trial.id))
    expect(listed.find(({ id }) => id === hurt)?.damage).toMatch(/damaged in the datastore/)
    await expect(fleet.db.$transaction((tx) => demandRestorable(tx, hurt))).rejects.toMatchObject({
      ...{ code: 'conflict', message: expect.stringContaining('can’t be restored') },
    })
    await expect(restoreById(await trial.repository(), hurt)).rejects.toThrow()

    const next = await trial.backUp({ image })
    const healed = await care()
    expect(healed.damages.filter(({ healedAt, what }) => !healedAt && what !== 'pack')).toEqual([])
    expect(healed.damages.some(({ healedAt }) => healedAt)).toBe(true)
    await fleet.db.$transaction((tx) => demandRestorable(tx, hurt))
    for (const id of [hurt, next]) {
      expect((await restoreById(await trial.repository(), id)).equals(image)).toBe(true)
      await (await trial.repository()).remove(id)
      await fleet.db.recoveryPoint.delete({ where: { id } })
    }
    await (await trial.repository()).collect()
    expect((await verify()).damages.filter(({ healedAt }) => !healedAt)).toEqual([])
  }
})

test('what a restore finds broken is known by itself: a measure follows, which names the recovery point', async () => {
  const hurt = await trial.backUp({ image: imageOf(6, 30) })
  await care()
  const [pack = ''] = await trial.packs()
  await flipByte(pack, 5000)
  await expect(restoreById(await trial.repository(), hurt)).rejects.toThrow(/damaged/)
  await vi.waitFor(async () => {
    const { measureNow } = await fleet.db.datastore.findUniqueOrThrow({ where: { id: trial.id } })
    expect(measureNow).toBe(true)
  })
  while (await careForOne({ db: fleet.db, repositories: trial.repositories, log: quiet }));
  expect((await page()).damages).toMatchObject([{ what: 'chunk', healedAt: null, hurts: [{ recoveryPointId: hurt }] }])
  await expect(fleet.db.$transaction((tx) => demandRestorable(tx, hurt))).rejects.toMatchObject({ code: 'conflict' })
})

test('the rolling verify reads a part at a time until all is read, and finds what is broken anywhere', async () => {
  for (let seed = 10; seed < 14; seed++) await trial.backUp({ image: imageOf(seed, 40) })
  const last = (await trial.packs()).at(-1) ?? ''
  await flipByte(last, 2000)
  const before = await page()
  let [rounds, now] = [0, before]
  const part = async () => {
    const end = await fleet.ended(
      await fleet.ask({ kind: 'verify-datastore', ...trial.asked, input: { whole: false } }),
    )
    expect(end.error).toBeNull()
    rounds++
    return page()
  }
  do now = await part()
  while (!now.verified && rounds < 20)
  expect(rounds).toBeGreaterThan(1)
  expect(now.verified).toMatchObject({ checkedBytes: await trial.packBytes() })
  expect(now.damages).toMatchObject([{ what: 'chunk', healedAt: null }])
  expect(now.round).toBeNull()
})

test('real bytes of each tenant and VM, ratios, dead bytes, and what compaction gives back; a tenant sees its own', async () => {
  const tenants = [crypto.randomUUID(), crypto.randomUUID()]
  for (const id of tenants)
    await fleet.db.tenant.create({ data: { id, name: `T ${id}`, slug: id, createdAt: new Date() } })
  const [one = '', two = ''] = tenants
  await trial.backUp({ image: imageOf(4, 40), tenantId: one, vmName: 'first' })
  await trial.backUp({ image: imageOf(4, 40), tenantId: one, vmName: 'twin' })
  const doomed = await trial.backUp({ image: imageOf(5, 40), tenantId: two, vmName: 'other' })
  const measured = await care()
  expect(measured).toMatchObject({ state: 'healthy', recoveryPoints: 3, isMeasuring: false, measureFailure: null })
  const { size } = await diskUse(join(trial.path, trial.id, one))
  const share = measured.shares.find(({ tenantId }) => tenantId === one)
  expect(share).toMatchObject({ recoveryPoints: 2, storedBytes: size, dedupRatio: expect.closeTo(2.2, 0) })
  const twin = measured.vms.find(({ vmName }) => vmName === 'twin')
  // Its content is all in the other VM's recovery point too.
  expect(twin?.ownBytes).toBe(0)
  const [point] = await fleet.db.$transaction((tx) => listDatastorePoints(tx, trial.id, twin?.vmUuid))
  expect(point).toMatchObject({ uniqueBytes: 0, damage: null })
  expect(point?.sharedBytes).toBeGreaterThan(100_000)
  expect(measured.vms.find(({ vmName }) => vmName === 'other')?.ownBytes).toBeGreaterThan(100_000)
  expect(measured.days).toMatchObject([{ day: new Date().toISOString().slice(0, 10), recoveryPoints: 3 }])
  expect(measured.freeBytes).toBeGreaterThan(0)

  const scoped = openDb(fleet.databaseUrl)
  const own = await inScope(scoped, { tenantIds: [two] }, (tx) => readTenantShare(tx, two))
  expect(own).toMatchObject([{ recoveryPoints: 1, datastoreName: trial.name }])
  expect(await inScope(scoped, { tenantIds: [two] }, (tx) => readTenantShare(tx, one))).toEqual([])
  await scoped.$disconnect()

  await (await trial.repository(two)).remove(doomed)
  await fleet.db.recoveryPoint.delete({ where: { id: doomed } })
  const removed = await care()
  const dead = removed.shares.find(({ tenantId }) => tenantId === two)?.deadBytes ?? 0
  expect(dead).toBeGreaterThan(100_000)
  const end = await fleet.ended(await fleet.ask({ kind: 'compact-datastore', ...trial.asked, input: {} }))
  expect(end).toMatchObject({
    state: 'succeeded',
    result: { freedBytes: expect.any(Number), removedRecoveryPoints: 1 },
  })
  expect((end.result as { freedBytes: number }).freedBytes).toBeGreaterThanOrEqual(dead)
  expect((await care()).shares.find(({ tenantId }) => tenantId === two)?.deadBytes).toBe(0)
  for (const id of tenants) await fleet.db.recoveryPoint.deleteMany({ where: { tenantId: id } })
  for (const id of tenants) await fleet.db.tenant.delete({ where: { id } })
})

test('read through another datastore with the right object id: refused, and said so; the other tenants’ are read on', async () => {
  const other = await datastoreTrial(fleet.db, `${trial.name}-other`)
  try {
    const foreign = await other.backUp({ image: imageOf(7) })
    await trial.backUp({ image: imageOf(8) })
    const name = foreign.replaceAll('-', '')
    const manifest = (each: DatastoreTrial) => join(each.path, each.id, noTenantId, 'manifests', name)
    await cp(manifest(other), manifest(trial))
    await fleet.db.recoveryPoint.update({ where: { id: foreign }, data: { datastoreId: trial.id } })
    await expect((await trial.repository()).recoveryPoint(foreign)).rejects.toMatchObject({
      ...{ code: 'forbidden', message: expect.stringContaining('written through another datastore') },
    })
    const { damages } = await verify()
    expect(damages).toMatchObject([
      {
        ...{ what: 'manifest', reason: expect.stringContaining('written through another datastore') },
        hurts: [{ recoveryPointId: foreign }],
      },
    ])
    const damage = await fleet.db.recoveryPointDamage.findUniqueOrThrow({ where: { recoveryPointId: foreign } })
    expect(damageText(damage)).toContain('can’t be read')
    // All of a tenant's objects, keys too, moved under another datastore's id.
    const tenantId = crypto.randomUUID()
    await cp(join(other.path, other.id, noTenantId), join(trial.path, trial.id, tenantId), { recursive: true })
    const both = await verify()
    expect(both.damages).toHaveLength(2)
    expect(both.damages.map(({ reason }) => reason)).toContainEqual(expect.stringMatching(/another (datastore|tenant)/))
  } finally {
    await other.clear()
  }
})

test('a folder that is gone, read-only or full says so; what is known of it stays', async () => {
  await trial.backUp()
  expect(await care()).toMatchObject({ state: 'healthy', stateReason: null })
  await rename(trial.path, `${trial.path}-away`)
  const gone = await care()
  expect(gone).toMatchObject({
    state: 'unreachable',
    stateReason: expect.stringContaining(`datastore ${trial.name} is gone`),
  })
  expect(`${gone.stateReason} ${gone.stateWayOut}`).not.toContain(trial.path)
  expect(gone.shares).toHaveLength(1)
  const [row] = (await fleet.db.$transaction(listDatastores)).filter(({ id }) => id === trial.id)
  expect(row).toMatchObject({ state: 'unreachable', recoveryPoints: 1 })
  await rename(`${trial.path}-away`, trial.path)
  expect(await care()).toMatchObject({ state: 'healthy' })

  await run('mount', ['--bind', trial.path, trial.path])
  try {
    await run('mount', ['-o', 'remount,bind,ro', trial.path])
    expect(await care()).toMatchObject({ state: 'read_only', stateReason: expect.stringContaining('read-only') })
  } finally {
    await run('umount', [trial.path])
  }
  expect(await care()).toMatchObject({ state: 'healthy' })
})

test('a folder whose file system is full: backups fail with that, recovery points stay whole and restorable', async () => {
  const disk = await datastoreTrial(fleet.db, `${trial.name}-full`, { sizeMiB: 8 })
  const caring = { db: fleet.db, repositories: disk.repositories, log: quiet }
  try {
    const image = imageOf(9, 20)
    const kept = await disk.backUp({ image })
    const noise = imageOf(10, 400)
    await expect(disk.backUp({ image: noise })).rejects.toMatchObject({
      ...{ code: 'unavailable', message: expect.stringContaining(`datastore ${disk.name} is full`) },
    })
    expect((await restoreById(await disk.repository(), kept)).equals(image)).toBe(true)
    expect((await (await disk.repository()).verify()).damage).toEqual([])
    await fleet.db.datastore.update({ where: { id: disk.id }, data: { measureNow: true } })
    while (await careForOne(caring));
    expect(await fleet.db.$transaction((tx) => readDatastore(tx, disk.id))).toMatchObject({
      ...{ totalBytes: expect.any(Number), measureFailure: null },
    })
  } finally {
    await disk.clear()
  }
})

test('the daily part and the compaction are asked for when due, one after the other, and again the next day', async () => {
  const due = { nextVerifyAt: new Date(0), nextCompactAt: new Date(0) }
  await fleet.db.datastore.update({ where: { id: trial.id }, data: due })
  const now = new Date()
  while (await fleet.db.$transaction((tx) => askForCare(tx, now)));
  const asked = () => fleet.db.operation.findMany({ where: { targetId: trial.id }, orderBy: { id: 'asc' } })
  const [verification, ...others] = await asked()
  expect(verification).toMatchObject({ kind: 'verify-datastore', input: { whole: false }, actorKind: 'system' })
  await fleet.ended(verification?.id ?? '')
  const row = await fleet.db.datastore.findUniqueOrThrow({ where: { id: trial.id } })
  expect(row.nextVerifyAt.getTime()).toBe(now.getTime() + 86_400_000)
  if (others.length === 0) expect(row.nextCompactAt.getTime()).toBe(now.getTime() + 15 * 60_000)
  const later = new Date(now.getTime() + 16 * 60_000)
  while (await fleet.db.$transaction((tx) => askForCare(tx, later)));
  expect((await asked()).map(({ kind }) => kind)).toEqual(['verify-datastore', 'compact-datastore'])
  await fleet.ended((await asked()).at(-1)?.id ?? '')
})

async function diskUse(folder: string) {
  const { stdout } = await run('find', [folder, '-type', 'f', '-printf', '%s\n'])
  return { size: stdout.split('\n').reduce((sum, line) => sum + Number(line || 0), 0) }
}
