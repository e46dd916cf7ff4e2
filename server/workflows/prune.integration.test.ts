import { randomUUID } from 'node:crypto'
import pg from 'pg'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { Prisma } from '#prisma/generated/client.ts'
import { enqueue } from '#server/core/operation.ts'
import { type Db, openDb } from '#server/db.ts'
import { rowId } from '#server/inventory/row-id.ts'
import { type TestEngine, testEngine } from '#server/testing/engine.ts'
import { type TestDatabase, testDatabase } from '#server/testing/postgres.ts'
import { createHost, createVm } from '#server/testing/vm.ts'
import { defineWorkflow } from './define.ts'
import { prune } from './prune.ts'

const workflow = defineWorkflow<object, object>({
  kind: 'power-vm',
  input: z.object({}),
  steps: [{ name: 'nothing', do: async () => undefined }],
})
const log = pino({ level: 'silent' })
const keep = { operationDays: 90, eventDays: 30 }
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)
const actor = { kind: 'user' as const, id: 'tester', name: 'Tester' }

let database: TestDatabase
let db: Db
let engine: TestEngine
let sql: pg.Client
let vmId: string

beforeAll(async () => {
  database = await testDatabase()
  db = openDb(database.url, { scope: 'fleet' })
  sql = new pg.Client({ connectionString: database.url, options: '-c skerry.scope=*' })
  await sql.connect()
  engine = await testEngine({ db, databaseUrl: database.url }, { workflows: [workflow] })
  vmId = (await createVm(db, await createHost(db), null)).id
})
afterAll(async () => {
  await engine?.stop()
  await sql?.end()
  await db?.$disconnect()
  await database?.close()
})

const operation = (name: string, days: number, more: object = {}) => ({
  ...{ id: randomUUID(), kind: 'edit-vm', targetKind: 'vm', targetId: randomUUID(), targetName: name },
  ...{ actorKind: 'user' as const, actorName: 'Tester', input: {}, state: 'succeeded' as const },
  ...{ createdAt: daysAgo(days), finishedAt: daysAgo(days) },
  ...more,
})
const idAt = (at: Date) => {
  const time = at.getTime().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}${rowId().slice(13)}`
}
const event = (days: number, kind: string) => {
  const at = daysAgo(days)
  return { id: idAt(at), vmId, at, kind }
}
const count = async (table: string) => Number((await sql.query(`SELECT count(*) FROM ${table}`)).rows[0].count)
const names = async () =>
  (await db.operation.findMany({ where: { kind: 'edit-vm' }, orderBy: { targetName: 'asc' } })).map(
    (row) => row.targetName,
  )

test('what has ended longer ago than it is kept goes, in batches; what lives and what was audited stays', async () => {
  const parent = operation('bulk', 100)
  const untidyId = randomUUID()
  await db.operation.createMany({
    data: [
      parent,
      ...Array.from({ length: 1_100 }, (_, index) => operation(`old ${index}`, 91, { parentId: parent.id })),
      operation('fresh', 89),
      operation('long', 100, { finishedAt: daysAgo(1) }),
      operation('untidy', 100, { id: untidyId, state: 'failed' }),
      operation('alive', 100, { state: 'running', finishedAt: null, startedAt: new Date() }),
    ],
  })
  await db.operationTrace.create({ data: { operationId: untidyId, leftover: { stepIndex: 0, memory: {} } } })
  await db.vmEvent.createMany({
    data: [...Array.from({ length: 700 }, () => event(31, 'started')), event(29, 'stopped')],
  })
  await db.auditEntry.create({
    data: {
      ...{ chain: '', sequence: 0n, previousHash: '', hash: '', at: daysAgo(400) },
      ...{ actorKind: 'system', actorName: 'test', action: 'vm.edit', resourceKind: 'vm', outcome: 'succeeded' },
    },
  })
  await db.worker.create({ data: { id: 'long-gone', hostname: 'x', pid: 1, version: '0', heartbeatAt: daysAgo(8) } })
  const told: string[] = []
  const listener = new pg.Client({ connectionString: database.url })
  await listener.connect()
  listener.on('notification', ({ payload }) => told.push(JSON.parse(payload ?? '').t))
  await listener.query('LISTEN skerry_change')
  expect(await prune(db, keep, log)).toMatchObject({ operations: 1_101, events: 700 })
  await listener.end()
  expect(await names()).toEqual(['alive', 'fresh', 'long', 'untidy'])
  expect((await db.vmEvent.findMany()).map((row) => row.kind)).toEqual(['stopped'])
  expect(await db.auditEntry.count()).toBe(1)
  expect((await db.worker.findMany()).map((row) => row.id)).toEqual(['test-worker'])
  expect(told).not.toContain('vm')
  expect(await prune(db, keep, log)).toEqual({ operations: 0, events: 0, runs: 0, bootTests: 0 })
})

test('what tells what has become of a VM’s disks stays while one before it has left something to clean up', async () => {
  const about = (kind: string, days: number) => operation(kind, days, { id: idAt(daysAgo(days)), kind, targetId: vmId })
  const before = about('restore-vm', 101)
  const restore = about('restore-vm', 100)
  const since = ['restore-vm', 'revert-snapshot', 'power-vm'].map((kind) => about(kind, 99))
  const others = [about('edit-vm', 98), operation('elsewhere', 98, { id: idAt(daysAgo(98)), kind: 'restore-vm' })]
  await db.operation.createMany({ data: [before, restore, ...since, ...others] })
  await db.operationTrace.create({ data: { operationId: restore.id, leftover: { stepIndex: 7, memory: {} } } })
  await db.vmEvent.deleteMany()
  await db.vmEvent.createMany({ data: [event(101, 'stopped'), event(99, 'started')] })
  const kept = async () => {
    const all = [before, restore, ...since, ...others].map(({ id }) => id)
    return (await db.operation.findMany({ where: { id: { in: all } } })).map(({ id }) => id).toSorted()
  }
  expect(await prune(db, keep, log)).toMatchObject({ operations: 3, events: 1 })
  expect(await kept()).toEqual([restore, ...since].map(({ id }) => id).toSorted())
  expect((await db.vmEvent.findMany()).map(({ kind }) => kind)).toEqual(['started'])
  // Cleaned up, it all goes.
  await db.operationTrace.update({ where: { operationId: restore.id }, data: { leftover: Prisma.DbNull } })
  expect(await prune(db, keep, log)).toMatchObject({ operations: 4, events: 1 })
  expect(await kept()).toEqual([])
})

test('the durable record of an operation goes a week after it has ended, with its steps', async () => {
  const target = { kind: 'vm' as const, id: vmId, name: 'web' }
  const ask = () =>
    db.$transaction((tx) =>
      enqueue({ tx, actor, requestId: null }, { kind: 'power-vm', target, tenantId: null, input: {} }),
    )
  const ended = async (id: string) =>
    expect
      .poll(async () => (await db.operation.findUniqueOrThrow({ where: { id } })).state, { timeout: 10_000 })
      .toBe('succeeded')
  const old = await ask()
  await ended(old.id)
  const fresh = await ask()
  await ended(fresh.id)
  const runs = async () =>
    (await sql.query("SELECT workflow_uuid FROM dbos.workflow_status WHERE status = 'SUCCESS'")).rows.map(
      (row) => row.workflow_uuid,
    )
  await expect.poll(runs, { timeout: 10_000 }).toHaveLength(2)
  await sql.query('UPDATE dbos.workflow_status SET completed_at = $1 WHERE workflow_uuid = $2', [
    daysAgo(8).getTime(),
    old.id,
  ])
  expect(await prune(db, keep, log)).toMatchObject({ operations: 0, runs: 1 })
  expect(await runs()).toEqual([fresh.id])
  const steps = await sql.query('SELECT DISTINCT workflow_uuid FROM dbos.operation_outputs')
  expect(steps.rows).toEqual([{ workflow_uuid: fresh.id }])
  expect(await count('operation')).toBeGreaterThan(1)
})

test('one worker at a time prunes', async () => {
  await sql.query('BEGIN; SELECT pg_advisory_xact_lock(7305813)')
  expect(await prune(db, keep, log)).toBeNull()
  await sql.query('COMMIT')
  expect(await prune(db, keep, log)).not.toBeNull()
})

test('what a guest showed in a boot test goes when nothing is left of its VM, neither here nor in an archive', async () => {
  const [known, inDatastore, inArchive, gone] = [0, 1, 2, 3].map(() => randomUUID())
  const bootTest = (vmUuid: string | undefined, more: object = {}) => ({
    ...{ id: randomUUID(), vmUuid: vmUuid ?? '', vmName: 'web', recoveryPointId: randomUUID(), takenAt: daysAgo(31) },
    ...{ askedAt: daysAgo(31), endedAt: daysAgo(31), askedBy: 'Ada', outcome: 'proven', machineGone: true, ...more },
  })
  await db.bootTest.createMany({
    data: [
      bootTest(known, { vmId }),
      ...[inDatastore, inArchive, gone].map((vmUuid) => bootTest(vmUuid)),
      bootTest(gone, { askedAt: daysAgo(29) }),
      bootTest(gone, { machineGone: false }),
    ],
  })
  const place = { kind: 'folder', location: { path: '/x' } }
  const datastore = await db.datastore.create({ data: { ...place, name: 'near' } })
  const tenantId = randomUUID()
  await db.tenant.create({ data: { id: tenantId, name: 'Polar', slug: tenantId } })
  const far = { ...place, name: 'far', currency: 'EUR', pricePerGbMonth: 1, pricePerGbRead: 1, firstByteSeconds: 0 }
  const archiveStore = await db.archiveStore.create({ data: far })
  const point = (vmUuid: string | undefined) => ({
    ...{ id: randomUUID(), vmUuid: vmUuid ?? '', vmName: 'web', takenAt: daysAgo(31), consistency: 'off' },
    ...{ disks: [], sizeBytes: 1n, storedBytes: 1n, definition: new Uint8Array(1) },
  })
  const read = { datastoreId: datastore.id, reading: 'full', readBytes: 1n, tookMs: 1 }
  await db.recoveryPoint.create({ data: { ...point(inDatastore), ...read } })
  const proof = { tookMs: 1, readBackBytes: 1n, readBackMs: 1, readBackAt: daysAgo(31), expiresAt: daysAgo(-31) }
  await db.archivedPoint.create({
    data: { ...point(inArchive), ...proof, tenantId, archiveStoreId: archiveStore.id, contentBytes: 1n },
  })
  expect(await prune(db, keep, log)).toMatchObject({ bootTests: 1 })
  const left = await db.bootTest.findMany({ where: { vmUuid: gone ?? '' }, orderBy: { askedAt: 'asc' } })
  expect(left.map(({ machineGone }) => machineGone)).toEqual([false, true])
  expect(await db.bootTest.count()).toBe(5)
})
