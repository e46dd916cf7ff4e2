import { openServices, type Services } from '#server/api/services.ts'
import { type Env, env } from '#server/env.ts'
import { testDatabase } from './postgres.ts'

export interface TestServices extends Services {
  databaseUrl: string
  /** Disconnects, and drops the database where it was made for them */
  close: () => Promise<void>
}

/** The web process's services over a migrated, empty database of its own. */
export async function testServices(settings: Partial<Env> = {}): Promise<TestServices> {
  const database = await testDatabase()
  const services = servicesOver(database.url, settings)
  return {
    ...services,
    close: async () => {
      await services.close()
      await database.close()
    },
  }
}

/** The same over a database that is there, which stays. */
export const servicesOver = (databaseUrl: string, settings: Partial<Env> = {}): TestServices => ({
  ...openServices({ ...env(), ...settings, DATABASE_URL: databaseUrl }),
  databaseUrl,
})
