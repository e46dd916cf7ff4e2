import { rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { listArchiveStores } from '#server/core/archive-store.ts'
import { listArchivedPoints } from '#server/core/archived-point.ts'
import { askForCare, setArchiveVerifyDays } from '#server/core/datastore-schedule.ts'
import { demandRestorableFrom, recordDamage } from '#server/core/store-damage.ts'
import { runArchival } from '#server/testing/archive-run.ts'
import { type ArchiveTrial, archiveTrial } from '#server/testing/archive-trial.ts'
import { type TestEngine, testEngine } from '#server/testing/engine.ts'
import { type TestFleet, testFleet } from '#server/testing/fleet.ts'
import { flipByte } from '#server/testing/flip-byte.ts'
import { filesOf, packsOf } from '#server/testing/store-files.ts'

let fleet: TestFleet
let engine: TestEngine
let trial: ArchiveTrial
beforeAll(async () => {
  fleet = await testFleet('archive verify', [])
  engine = await testEngine(fleet)
})
afterAll(async () => {
  await engine?.stop()
  await fleet?.close()
})
afterEach(() => trial.clear())

async function begin(name: string, points = 3) {
  trial = await archiveTrial(fleet.db, name, { points })
  const policy = await trial.policy({ localCopy: 'keep' })
  expect(await runArchival(fleet.db, trial, policy)).toMatchObject({ archived: points })
  return policy
}
const page = async () => {
  const store = (await fleet.db.$transaction(listArchiveStores)).find(({ id }) => id === trial.archiveStoreId)
  if (!store) throw new Error('the archive store is gone')
  return { ...store, open: store.damages.filter(({ healedAt }) => !healedAt) }
}
const ended = async (whole: boolean) =>
  fleet.ended(
    await fleet.ask({
      ...{ kind: 'verify-archive-store', tenantId: null, input: { whole } },
      target: { kind: 'archive-store', id: trial.archiveStoreId, name: 'far' },
    }),
  )
async function verify(whole = true) {
  expect((await ended(whole)).error).toBeNull()
  return page()
}
const far = () => join(trial.folder, 'far')
/** With what the first of them sent */
async function largestPack(): Promise<string> {
  const paths = await packsOf(far())
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
  return paths[sizes.indexOf(Math.max(...sizes))] ?? ''
}
const demandRestorable = (id: string) =>
  fleet.db.$transaction((tx) => demandRestorableFrom(tx, trial.archiveStoreId, id))

test('a flipped byte: named with the recovery points it hurts and whose they are, never restored, healed by the next archivals', async () => {
  const policy = await begin('flipped')
  const whole = await verify()
  expect(whole.open).toEqual([])
  expect(whole.verified).toMatchObject({ checkedPacks: (await packsOf(far())).length })
  const pack = await largestPack()
  await flipByte(pack, 3000)
  const { open } = await verify()
  expect(open).toMatchObject([{ what: 'chunk', tenantName: 'flipped', objectKey: expect.stringContaining('/packs/') }])
  expect(pack).toContain(open[0]?.objectKey)
  const hurt = new Set(open.flatMap(({ hurts }) => hurts.map(({ recoveryPointId }) => recoveryPointId)))
  expect(open[0]?.hurts[0]?.point).toMatchObject({ vmName: 'flipped' })
  expect(hurt.size).toBeGreaterThan(0)
  const listed = await fleet.db.$transaction((tx) => listArchivedPoints(tx, { vmUuid: trial.vmUuid }))
  for (const { id, damage } of listed) {
    if (!hurt.has(id)) expect(damage).toBeNull()
    else {
      expect(damage).toMatch(/damaged in the archive store/)
      await expect(demandRestorable(id)).rejects.toMatchObject({ code: 'conflict' })
    }
  }

  // What has a local copy is taken out, then sent again.
  const { left } = await runArchival(fleet.db, trial, policy)
  expect(left).toContainEqual(expect.stringMatching(/sent again by the next run/))
  expect(await runArchival(fleet.db, trial, policy)).toMatchObject({ archived: hurt.size, left: [] })
  const healed = await page()
  expect(healed.open).toEqual([])
  expect(healed.damages.some(({ healedAt }) => healedAt)).toBe(true)
  for (const id of trial.ids) await demandRestorable(id)
  const { archives } = trial.repositories
  await (await archives.repository(trial.archiveStoreId, trial.tenantId)).collect()
  expect((await verify()).open).toEqual([])
  expect(await trial.lost()).toEqual([])
})

test('what was deleted in the store is named too, down to a tenant’s keys', async () => {
  await begin('deleted')
  const [first = ''] = trial.ids
  const files = await filesOf(far())
  await rm(files.find((path) => path.endsWith(first.replaceAll('-', ''))) ?? '')
  expect((await verify()).open).toMatchObject([{ what: 'manifest', hurts: [{ recoveryPointId: first }] }])
  for (const path of files) if (path.includes('/keys/')) await rm(path)
  await trial.repositories.close()
  await engine.stop()
  engine = await testEngine(fleet)
  const { open } = await verify()
  expect(
    open
      .find(({ what }) => what === 'key')
      ?.hurts.map(({ recoveryPointId }) => recoveryPointId)
      .sort(),
  ).toEqual(trial.ids.toSorted())
})

test('what several find broken at once is written down once', async () => {
  await begin('at once')
  await flipByte(await largestPack(), 3000)
  const { archives } = trial.repositories
  const far = await archives.repository(trial.archiveStoreId, trial.tenantId)
  const { damage } = await far.verify({})
  const scope = { store: { kind: 'archive-store' as const, id: trial.archiveStoreId }, tenantId: trial.tenantId }
  const record = () => fleet.db.$transaction((tx) => recordDamage(tx, scope, damage, new Date()))
  await Promise.all([record(), record(), record(), record()])
  expect((await page()).open).toHaveLength(damage.length)
})

test('a store that is gone says nothing of what is in it', async () => {
  await begin('away')
  await rename(far(), `${far()}-away`)
  expect((await ended(true)).error).toMatchObject({ code: 'unavailable' })
  expect((await page()).damages).toEqual([])
  await rename(`${far()}-away`, far())
  expect((await verify()).open).toEqual([])
})

test('by itself only where an operator wants it, a part at a time until all is read', async () => {
  // Also without the largest of them, which may be the last, its packs are more than the least that is read at a time.
  await begin('rolling', 24)
  const verifications = () =>
    fleet.db.operation.findMany({ where: { kind: 'verify-archive-store', targetId: trial.archiveStoreId } })
  const turn = async (at: Date) => {
    while (await fleet.db.$transaction((tx) => askForCare(tx, at)));
  }
  const inTwoDays = new Date(Date.now() + 2 * 86_400_000)
  await turn(inTwoDays)
  expect(await verifications()).toEqual([])
  await fleet.db.$transaction((tx) => setArchiveVerifyDays(tx, trial.archiveStoreId, 365, new Date()))
  await turn(new Date())
  expect(await verifications()).toEqual([])
  await turn(inTwoDays)
  const [asked] = await verifications()
  expect(asked).toMatchObject({ input: { whole: false }, actorKind: 'system' })
  await fleet.ended(asked?.id ?? '')
  let [parts, now] = [1, await page()]
  for (; !now.verified && parts < 20; parts++) now = await verify(false)
  expect(parts).toBeGreaterThan(1)
  expect(now).toMatchObject({ round: null, verified: { checkedPacks: (await packsOf(far())).length } })
})
