import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from './postgres.ts'

let first: TestDatabase
let second: TestDatabase

beforeAll(async () => {
  first = await testDatabase()
  second = await testDatabase()
})
afterAll(async () => {
  await first.close()
  await second.close()
})

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

test('a test database is migrated', async () => {
  const migrations = await query(first.url, 'SELECT finished_at FROM _prisma_migrations')
  expect(migrations.length).toBeGreaterThan(0)
  expect(migrations.every((row) => row.finished_at instanceof Date)).toBe(true)
})

test('what one test file writes, another does not see', async () => {
  await query(first.url, 'CREATE TABLE mine (id int)')
  expect(await query(second.url, `SELECT to_regclass('mine') AS found`)).toEqual([{ found: null }])
})

test('forced row-level security holds for the role, which is no superuser', async () => {
  const sql = 'SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user'
  expect(await query(first.url, sql)).toEqual([{ rolsuper: false, rolbypassrls: false, rolcreaterole: false }])
  await query(
    first.url,
    `CREATE TABLE guarded (tenant text);
     INSERT INTO guarded VALUES ('a'), ('b');
     ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; ALTER TABLE guarded FORCE ROW LEVEL SECURITY;
     CREATE POLICY own ON guarded USING (tenant = current_setting('test.tenant', true))`,
  )
  expect(await query(first.url, 'SELECT * FROM guarded')).toEqual([])
})

test('a closed database is gone, also when somebody is still connected', async () => {
  const third = await testDatabase()
  const idle = new pg.Client({ connectionString: third.url })
  idle.on('error', () => {})
  await idle.connect()
  await third.close()
  await expect(query(third.url, 'SELECT 1')).rejects.toThrow(/does not exist/)
  await idle.end()
})
