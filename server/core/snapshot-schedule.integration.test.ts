import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Vm } from '#prisma/generated/client.ts'
import { type Db, openDb } from '#server/db.ts'
import { log } from '#server/log.ts'
import { databaseForTests } from '#server/testing/database-for-tests.ts'
import { createHost, createVm } from '#server/testing/vm.ts'
import { startScheduler } from '#server/workflows/scheduler.ts'
import { askForDue, createSchedule } from './snapshot-schedule.ts'

const own = databaseForTests()
/** Of another worker */
let other: Db
let host: { id: string; siteId: string }
const now = new Date(Date.UTC(2026, 4, 1, 3))
beforeAll(async () => {
  other = openDb(own.url, { scope: 'fleet' })
  host = await createHost(own.db)
})
beforeEach(async () => {
  await own.db.operation.deleteMany()
  await own.db.vm.deleteMany()
})
afterAll(() => other?.$disconnect())

const time = { minute: 0, hour: 3, weekday: 1, monthday: 1, timeZone: 'UTC', withMemory: false, enabled: true }
async function schedule(vm: Vm, every: 'hour' | 'day') {
  const input = { ...time, every, keepCount: 2 }
  const { id } = await own.db.$transaction((tx) => createSchedule(tx, vm, input, 'Tester'))
  await own.db.snapshotSchedule.update({ where: { id }, data: { nextAt: now } })
}
const noFault = (error: unknown) => {
  throw error
}
/** One worker’s turn, which ends when it may */
const turn = (db: Db, onAsked = async () => {}) =>
  db.$transaction(
    async (tx) => {
      const asked = await askForDue(tx, now, noFault)
      await onAsked()
      return asked
    },
    { timeout: 30_000 },
  )
const schedules = () => own.db.snapshotSchedule.findMany({ orderBy: { nextAt: 'asc' } })
const operations = () => own.db.operation.findMany({ orderBy: { id: 'asc' } })
const outcomes = async (vm: Vm) =>
  (await own.db.auditEntry.findMany({ where: { resourceId: vm.id } })).map(({ outcome }) => outcome)
const endAll = () => own.db.operation.updateMany({ data: { state: 'succeeded', finishedAt: new Date() } })

test('of two due at once two workers ask for one, and the other waits its turn: it is neither refused nor skipped', async () => {
  const vm = await createVm(own.db, host, null, { state: 'off' })
  for (const every of ['hour', 'day'] as const) await schedule(vm, every)
  const [asked, mayEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const first = turn(own.db, async () => {
    asked.resolve()
    await mayEnd.promise
  })
  await asked.promise
  // It looks while nobody can see yet what the first has asked for.
  const second = turn(other)
  await delay(500)
  mayEnd.resolve()
  await Promise.all([first, second])
  expect(await operations()).toHaveLength(1)
  expect(await outcomes(vm)).toEqual(['succeeded'])
  const [waiting, served] = await schedules()
  expect(waiting).toMatchObject({ nextAt: now, lastRefusal: null, lastOperationId: null })
  expect(served).toMatchObject({ lastRefusal: null, lastOperationId: expect.any(String) })
  expect(served?.nextAt.getTime()).toBeGreaterThan(now.getTime())

  expect(await turn(other), 'while the first is at work').toBe(false)
  await endAll()
  expect(new Set(await Promise.all([turn(own.db), turn(other)]))).toEqual(new Set([true, false]))
  expect(await operations()).toHaveLength(2)
  expect(await outcomes(vm)).toEqual(['succeeded', 'succeeded'])
  for (const { nextAt, lastRefusal } of await schedules()) {
    expect([nextAt > now, lastRefusal]).toEqual([true, null])
  }
})

test('two of one kind in the same minute have names of their own', async () => {
  const vm = await createVm(own.db, host, null, { state: 'off' })
  for (const every of ['day', 'day'] as const) await schedule(vm, every)
  await turn(own.db)
  const taken = { takenAt: now, state: 'off', withMemory: false, storage: 'internal', current: true } as const
  await own.db.snapshot.create({ data: { vmId: vm.id, name: 'daily-2026-05-01-0300', ...taken } })
  await endAll()
  await turn(other)
  const names = (await operations()).map(({ input }) => (input as { name: string }).name)
  expect(names).toEqual(['daily-2026-05-01-0300', 'daily-2026-05-01-0300-2'])
})

test('with two workers each slot that is due is taken once', async () => {
  const vms = await Promise.all(Array.from({ length: 30 }, () => createVm(own.db, host, null, { state: 'off' })))
  for (const vm of vms) await schedule(vm, 'day')
  const workers = [own.db, other].map((db) => startScheduler({ db, log, everyMs: 20 }))
  await expect.poll(() => own.db.operation.count()).toBe(vms.length)
  await delay(500)
  await Promise.all(workers.map((worker) => worker.stop()))
  const asked = await operations()
  expect(new Set(asked.map(({ targetId }) => targetId)).size).toBe(vms.length)
  expect(asked).toHaveLength(vms.length)
  expect((await schedules()).filter(({ lastRefusal }) => lastRefusal !== null)).toEqual([])
})
