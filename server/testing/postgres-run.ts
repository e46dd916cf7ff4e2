import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { newPassword, startPostgres } from '#server/setup/postgres.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

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

/** Runs `prisma migrate deploy`, which creates the database too. */
async function migrate(url: string): Promise<void> {
  const prisma = join(root, 'node_modules/prisma/build/index.js')
  const child = spawn(process.execPath, [prisma, 'migrate', 'deploy'], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0) throw new Error(`The migrations did not apply to an empty database:\n${output}`)
}
