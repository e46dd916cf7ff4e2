import { beforeAll, expect, test } from 'vitest'
import type { ArchivalPolicy } from '#prisma/generated/client.ts'
import { askForArchival } from '#server/core/archival-round.ts'
import { readingRates } from '#server/core/archive-store.ts'
import { listArchivedPoints } from '#server/core/archived-point.ts'
import type { Db } from '#server/db.ts'
import { runArchival } from '#server/testing/archive-run.ts'
import { type ArchiveTrial, archiveTrials } from '#server/testing/archive-trial.ts'
import { noFault } from '#server/testing/fault.ts'
import { packsOf } from '#server/testing/store-files.ts'

const trials = archiveTrials()
const begun = trials.begin
let db: Db
beforeAll(() => {
  db = trials.db
})

const run = (of: ArchiveTrial, policy: ArchivalPolicy) => runArchival(db, of, policy)

test('begun by its time: what there is by then is archived, and nothing before', async () => {
  const now = await begun('timed')
  const time = { every: 'day', minute: 30, hour: 4, weekday: 1, monthday: 1 }
  const at = new Date('2040-05-05T04:30:00Z')
  const policy = await now.policy({ begins: 'schedule', minAgeDays: 0, schedule: time, nextAt: at })
  const asks = (moment: Date) => db.$transaction((tx) => askForArchival(tx, moment, noFault))
  expect(await asks(new Date(at.getTime() - 1))).toBe(false)
  expect(await asks(at)).toBe(true)
  const asked = await db.archivalPolicy.findUniqueOrThrow({ where: { id: policy.id } })
  expect(asked.nextAt).toEqual(new Date('2040-05-06T04:30:00Z'))
  expect(await db.operation.findUnique({ where: { id: asked.lastOperationId ?? '' } })).toMatchObject({
    ...{ kind: 'archive-recovery-points', targetId: policy.id, state: 'queued' },
  })
  expect(await packsOf(now.far)).toEqual([])
  expect(await run(now, asked)).toMatchObject({ archived: 3, released: 2, left: [] })
  expect([await now.archived(), await now.local()]).toEqual([now.ids, now.ids.slice(-1)])
  expect((await packsOf(now.far)).length).toBeGreaterThanOrEqual(3)
  expect(await now.lost()).toEqual([])
})

test('begun by fullness: the oldest go until there is room, no more, and then there is nothing to ask for', async () => {
  const now = await begun('room')
  const rows = await db.recoveryPoint.findMany({ where: { tenantId: now.tenantId }, orderBy: { takenAt: 'asc' } })
  const storedBytes = rows.reduce((sum, row) => sum + row.storedBytes, 0n)
  const limits = { aboveBytes: storedBytes - 1n, downToBytes: storedBytes - (rows[0]?.storedBytes ?? 0n) }
  const due = { nextAt: new Date(Date.now() - 1000) }
  const policy = await now.policy({ begins: 'fullness', minAgeDays: 0, ...limits, ...due })
  expect(await db.$transaction((tx) => askForArchival(tx, new Date(), noFault))).toBe(true)
  expect(await db.operation.count({ where: { tenantId: now.tenantId, targetId: policy.id } })).toBe(1)
  await db.operation.deleteMany({ where: { tenantId: now.tenantId } })
  expect(await run(now, policy)).toMatchObject({ archived: 1, released: 1, left: [] })
  expect([await now.archived(), await now.local()]).toEqual([now.ids.slice(0, 1), now.ids.slice(1)])
  expect((await packsOf(now.far)).length).toBeGreaterThanOrEqual(1)
  expect(await now.lost()).toEqual([])
  await db.archivalPolicy.update({ where: { id: policy.id }, data: due })
  expect(await db.$transaction((tx) => askForArchival(tx, new Date(), noFault))).toBe(true)
  expect(await db.operation.count({ where: { tenantId: now.tenantId } })).toBe(0)
  expect(await run(now, policy)).toMatchObject({ archived: 0, released: 0 })
})

test('what getting one back takes goes by how fast the store was read lately, where that says something', async () => {
  const now = await begun('rates')
  await run(now, await now.policy())
  const { tenantId, archiveStoreId, vmUuid } = now
  const rate = async () => (await readingRates(db, [archiveStoreId, crypto.randomUUID()])).get(archiveStoreId)
  expect(await rate(), 'of a few blocks').toBeUndefined()
  await db.archivedPoint.updateMany({ where: { tenantId }, data: { readBackBytes: 20_000_000n, readBackMs: 4_000 } })
  expect(await rate()).toBeCloseTo(5e6, 9)
  const [point] = await listArchivedPoints(db, { vmUuid })
  const bytes = point?.contentBytes ?? 0
  expect(bytes).toBeGreaterThan(0)
  // 2 EUR a GB, 3 s to the first byte
  expect(point?.recall).toEqual({
    ...{ readBytes: bytes, currency: 'EUR' },
    ...{ cost: expect.closeTo((bytes / 1e9) * 2, 9), seconds: expect.closeTo(3 + bytes / 5e6, 9) },
  })
})
