import { afterAll, beforeAll } from 'vitest'
import { type Db, openDb } from '#server/db.ts'
import { testDatabase } from './postgres.ts'

/**
 * A database for the tests of one file, there from before the first to after the last. `db` sees the whole fleet unless
 * told otherwise.
 */
export function databaseForTests(options: Parameters<typeof openDb>[1] = { scope: 'fleet' }): {
  readonly db: Db
  readonly url: string
} {
  const own = {} as { db: Db; url: string }
  let close: (() => Promise<void>) | undefined
  beforeAll(async () => {
    const database = await testDatabase()
    close = database.close
    own.url = database.url
    own.db = openDb(database.url, options)
  })
  afterAll(async () => {
    await own.db?.$disconnect()
    await close?.()
  })
  return own
}
