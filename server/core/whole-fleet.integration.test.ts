import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Db, inScope, openDb, type Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import { type TestDatabase, testDatabase } from '#server/testing/postgres.ts'
import { unsafeWholeFleet } from './whole-fleet.ts'

let database: TestDatabase
let db: Db
beforeAll(async () => {
  database = await testDatabase()
  db = openDb(database.url)
})
afterAll(async () => {
  await db?.$disconnect()
  await database?.close()
})

const scopeOf = async (tx: Tx) =>
  (await tx.$queryRaw<{ scope: string }[]>`SELECT current_setting('skerry.scope') AS scope`)[0]?.scope

test('the scope is narrow again afterwards, also when the work threw and the request goes on', async () => {
  await inScope(db, { tenantIds: ['t-1'] }, async (tx) => {
    expect(await unsafeWholeFleet(tx, () => scopeOf(tx))).toBe('*')
    expect(await scopeOf(tx)).toBe('t-1')
    const refused = unsafeWholeFleet(tx, async () => {
      throw conflict('No.')
    })
    await expect(refused).rejects.toMatchObject({ code: 'conflict' })
    expect(await scopeOf(tx)).toBe('t-1')
  })
})

test('an error of the database comes out as it is', async () => {
  const broken = inScope(db, { tenantIds: [] }, (tx) => unsafeWholeFleet(tx, () => tx.$queryRaw`SELECT 1 / 0`))
  await expect(broken).rejects.toThrow(/division by zero/)
})
