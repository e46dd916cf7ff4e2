import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { inRoot } from './place.mjs'
import { nodeCommand, ProgramFailed, runProgram } from './program.mjs'
import { SetupError } from './step.mjs'

const prismaScript = inRoot('node_modules/prisma/build/index.js')

/** Generates the database client when the schema, or Prisma itself, is newer. @returns {Promise<boolean>} whether it did */
export async function ensureClient() {
  const client = inRoot('prisma/generated/client.ts')
  const madeAt = existsSync(client) ? statSync(client).mtimeMs : 0
  const sources = [inRoot('prisma/schema.prisma'), inRoot('node_modules/.package-lock.json')]
  if (sources.every((path) => statSync(path).mtimeMs < madeAt)) return false
  await runProgram(nodeCommand(prismaScript, 'generate'))
  return true
}

/**
 * Applies the migrations a database lacks, making the database when it isn't there.
 * @param {string} databaseUrl
 * @returns {Promise<number>} how many migrations there are
 * @throws {SetupError} with what the database said
 */
export async function migrate(databaseUrl) {
  try {
    await runProgram(nodeCommand(prismaScript, 'migrate', 'deploy'), {
      env: { ...process.env, DATABASE_URL: databaseUrl },
    })
  } catch (error) {
    if (!(error instanceof ProgramFailed)) throw error
    throw new SetupError(`The migrations of the database did not apply:\n${error.output.trim()}`, { cause: error })
  }
  const folder = inRoot('prisma/migrations')
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'migration.sql'))).length
}
