import type { Db } from '#server/db.ts'
import { env } from '#server/env.ts'
import { testPool } from '#server/repository/testing/scratch.ts'
import { Repositories } from '#server/workflows/repositories.ts'

/** As a worker's that knows nothing yet, but for its threads: to start some costs more than the little that tests store. */
export const testRepositories = (db: Db, cacheFolder: string): Repositories =>
  new Repositories({ db, keys: env().SKERRY_KEY, cacheFolder, pool: testPool })
