import { openServices, type Services } from '#server/api/services.ts'
import { type Env, env } from '#server/env.ts'
import { testDatabase } from './postgres.ts'

export interface TestServices extends Services {
  databaseUrl: string
  /** Disconnects and drops the database */
  close: () => Promise<void>
}

/** The web process's services over a migrated, empty database of its own. */
export async function testServices(settings: Partial<Env> = {}): Promise<TestServices> {
  const database = await testDatabase()
  const services = openServices({ ...env(), ...settings, DATABASE_URL: database.url })
  return {
    ...services,
    databaseUrl: database.url,
    close: async () => {
      await services.close()
      await database.close()
    },
  }
}
