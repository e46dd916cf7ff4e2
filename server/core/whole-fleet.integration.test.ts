import { expect, test } from 'vitest'
import { inScope, type Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import { databaseForTests } from '#server/testing/database-for-tests.ts'
import { unsafeWholeFleet } from './whole-fleet.ts'

const own = databaseForTests({})

const scopeOf = async (tx: Tx) =>
  (await tx.$queryRaw<{ scope: string }[]>`SELECT current_setting('skerry.scope') AS scope`)[0]?.scope

test('the scope is narrow again afterwards, also when the work threw and the request goes on', async () => {
  await inScope(own.db, { tenantIds: ['t-1'] }, async (tx) => {
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
  const broken = inScope(own.db, { tenantIds: [] }, (tx) => unsafeWholeFleet(tx, () => tx.$queryRaw`SELECT 1 / 0`))
  await expect(broken).rejects.toThrow(/division by zero/)
})
