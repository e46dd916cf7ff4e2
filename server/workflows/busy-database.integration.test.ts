import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { enqueue } from '#server/core/operation.ts'
import type { Db } from '#server/db.ts'
import { databaseForTests } from '#server/testing/database-for-tests.ts'
import { type TestEngine, testEngine } from '#server/testing/engine.ts'
import { defineWorkflow } from './define.ts'
import { pause } from './pause.ts'
import { type Ending, endInTransaction, endOperation } from './record.ts'

/** Longer than a transaction may take */
const lockMs = 7_000

const own = databaseForTests()
let engine: TestEngine
let other: pg.Client
let attempts = 0
let work: (db: Db, id: string) => Promise<unknown> = async () => undefined
const workflow = defineWorkflow<object, object>({
  kind: 'power-vm',
  input: z.object({}),
  steps: [
    {
      name: 'work',
      do: async ({ db, operation }) => {
        attempts++
        await work(db, operation.id)
        return {}
      },
    },
  ],
})
beforeAll(async () => {
  other = new pg.Client({ connectionString: own.url, options: '-c skerry.scope=*' })
  await other.connect()
  engine = await testEngine({ db: own.db, databaseUrl: own.url }, { workflows: [workflow], betweenAttemptsMs: 20 })
})
beforeEach(() => {
  attempts = 0
})
afterAll(async () => {
  await engine?.stop()
  await other?.end()
})

const ask = async () => {
  const actor = { kind: 'user' as const, id: 'tester', name: 'Tester' }
  const target = { kind: 'vm' as const, id: 'vm-1', name: 'web' }
  const wanted = { kind: 'power-vm' as const, target, tenantId: null, input: {} }
  return (await own.db.$transaction((tx) => enqueue({ tx, actor, requestId: null }, wanted))).id
}
const rowOf = (id: string) => own.db.operation.findUniqueOrThrow({ where: { id }, include: { trace: true } })
const ended = async (id: string) => {
  await expect.poll(async () => (await rowOf(id)).finishedAt, { timeout: 40_000 }).not.toBeNull()
  return rowOf(id)
}
/** Somebody else keeps the row for a while; what they did is for nothing. */
const holdRow = async (id: string) => {
  await other.query('BEGIN')
  await other.query('SELECT FROM operation WHERE id = $1 FOR UPDATE', [id])
  setTimeout(() => void other.query('ROLLBACK'), lockMs)
}

test('an operation whose end can’t be written for longer than a transaction may take ends as it went', async () => {
  work = (_, id) => holdRow(id)
  expect(await ended(await ask())).toMatchObject({ state: 'succeeded', error: null })
  expect(attempts).toBe(1)
})

test('a step that waited too long for the database is done again', async () => {
  work = async (db, id) => {
    if (attempts === 1) await holdRow(id)
    await db.$transaction((tx) => tx.operation.update({ where: { id }, data: { phase: 'at work' } }))
  }
  expect(await ended(await ask())).toMatchObject({ state: 'succeeded', error: null })
  expect(attempts).toBe(2)
})

test('one that never comes through says that the database was too busy', async () => {
  work = (db) => db.$transaction((tx) => tx.$executeRaw`SELECT pg_sleep(0.3)`, { timeout: 50 })
  const { state, error } = await ended(await ask())
  expect([state, error]).toMatchObject([
    'failed',
    { code: 'unavailable', step: 'work', message: expect.stringMatching(/too busy/), wayOut: 'Try again.' },
  ])
  expect(attempts).toBe(4)
})

test('of two endings at once the first stands, with all that it left behind', async () => {
  work = () => pause(60_000)
  const id = await ask()
  await expect.poll(() => attempts).toBe(1)
  const ending = (errorDetail: string): Ending => ({
    ...{ state: 'failed', result: null, undone: [], errorDetail, leftover: { stepIndex: 0, memory: { errorDetail } } },
    error: { code: 'internal', message: errorDetail, step: null, wayOut: null },
  })
  let second: Promise<void> | undefined
  await own.db.$transaction(async (tx) => {
    await endInTransaction(tx, id, ending('first'))
    second = endOperation(own.db, id, ending('second'))
    await pause(500)
  })
  await second
  const { error, trace } = await rowOf(id)
  expect(error).toMatchObject({ message: 'first' })
  expect(trace).toMatchObject({ errorDetail: 'first', leftover: { memory: { errorDetail: 'first' } } })
  const entries = await own.db.auditEntry.count({ where: { action: 'operation.end', resourceId: 'vm-1' } })
  expect(entries).toBe(2)
})
