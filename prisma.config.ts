import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'prisma/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= here('./prisma/schema-engine.mjs')
process.env.CHECKPOINT_DISABLE ??= '1'
process.env.PRISMA_HIDE_UPDATE_MESSAGE ??= '1'

/** DATABASE_URL, or else the database of the `npm run up` that runs in this folder. */
function databaseUrl(): string | undefined {
  if (process.env.DATABASE_URL) return process.env.DATABASE_URL
  const running = here('./.data/running.json')
  return existsSync(running) ? JSON.parse(readFileSync(running, 'utf8')).databaseUrl : undefined
}

const url = databaseUrl()

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  ...(url && { datasource: { url } }),
})
