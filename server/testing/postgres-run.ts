import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DBOS } from '@dbos-inc/dbos-sdk'
import { newPassword, startPostgres } from '#server/setup/postgres.mjs'
import { migrate } from '#server/setup/prisma.mjs'

/** Name of the migrated, empty database that every test database is a copy of. */
export const templateDatabase = 'skerry_template'

/** The server of one test run: `serverUrl` signs in to its database `skerry`, from where others are created and dropped. */
export type ThrowAwayPostgres = { serverUrl: string; stop: () => Promise<void> }

/**
 * Starts a PostgreSQL that forgets everything at the end, with the migrated template database, in about three seconds.
 * Call {@link ThrowAwayPostgres.stop} at the end of the run; if this process is killed, the server ends by itself.
 */
export async function startThrowAwayPostgres(): Promise<ThrowAwayPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-postgres-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const postgres = await startPostgres({
      dataDir: join(folder, 'data'),
      logPath: join(folder, 'postgres.log'),
      password: newPassword(),
      throwAway: true,
    })
    const stop = async () => {
      await postgres.stop()
      remove()
    }
    try {
      await migrate(postgres.url(templateDatabase))
      await makeEngineTables(postgres.url(templateDatabase))
    } catch (error) {
      await stop()
      throw error
    }
    return { serverUrl: postgres.url(), stop }
  } catch (error) {
    remove()
    throw error
  }
}

/** The durable engine's own tables, which it would make at its first start over each copy. */
async function makeEngineTables(url: string): Promise<void> {
  const quiet = () => undefined
  DBOS.setConfig({
    ...{ name: 'skerry', systemDatabaseUrl: url, systemDatabaseSchemaName: 'dbos' },
    logger: { info: quiet, debug: quiet, warn: quiet, error: quiet },
  })
  await DBOS.launch()
  await DBOS.shutdown()
}
