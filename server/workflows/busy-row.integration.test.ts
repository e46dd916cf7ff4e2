import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { enqueue } from '#server/core/operation.ts'
import { type Db, openDb } from '#server/db.ts'
import { databaseForTests } from '#server/testing/database-for-tests.ts'
import { type TestEngine, testEngine } from '#server/testing/engine.ts'
import { defineWorkflow } from './define.ts'

/** As an administrator may have set it for the whole database */
const lockTimeout = '-c lock_timeout=300'
const holdMs = 2_000

const own = databaseForTests()
let engine: TestEngine
let impatient: Db
let other: pg.Client
const done: string[] = []
const workflow = defineWorkflow<object, object>({
  kind: 'power-vm',
  input: z.object({}),
  steps: [
    {
      name: 'first',
      do: async ({ operation: { id } }) => {
        done.push('first')
        await other.query('BEGIN')
        await other.query('SELECT FROM operation WHERE id = $1 FOR UPDATE', [id])
        setTimeout(() => void other.query('ROLLBACK'), holdMs)
        return {}
      },
      undo: async () => {
        done.push('undo first')
        return undefined
      },
    },
    {
      name: 'second',
      do: async () => {
        done.push('second')
        return {}
      },
    },
  ],
})
beforeAll(async () => {
  other = new pg.Client({ connectionString: own.url, options: '-c skerry.scope=*' })
  await other.connect()
  const url = new URL(own.url)
  url.searchParams.set('options', `-c skerry.scope=* ${lockTimeout}`)
  impatient = openDb(url.href, { scope: 'fleet' })
  engine = await testEngine({ db: impatient, databaseUrl: own.url }, { workflows: [workflow], betweenAttemptsMs: 50 })
})
afterAll(async () => {
  await engine?.stop()
  await impatient?.$disconnect()
  await other?.end()
})

test('a step that could not even be noted, as somebody else held the row for too long, is begun when it can be', async () => {
  const actor = { kind: 'user' as const, id: 'tester', name: 'Tester' }
  const target = { kind: 'vm' as const, id: 'vm-1', name: 'web' }
  const { id } = await own.db.$transaction((tx) =>
    enqueue({ tx, actor, requestId: null }, { kind: 'power-vm', target, tenantId: null, input: {} }),
  )
  const rowOf = () => own.db.operation.findUniqueOrThrow({ where: { id } })
  await expect.poll(async () => (await rowOf()).finishedAt, { timeout: 20_000 }).not.toBeNull()
  expect(await rowOf()).toMatchObject({ state: 'succeeded', error: null })
  expect(done).toEqual(['first', 'second'])
})
