import type { Services } from '#server/api/services.ts'
import { createPerson, signIn } from '#server/testing/person.ts'
import { largeTenant, smallTenant } from '../fleet/write-fleet.ts'
import type { Asker } from './cases.ts'

/** People who are signed in, as the headers that their browsers send. */
export async function signedInAskers(services: Services): Promise<Record<Asker, Headers>> {
  const testServices = { ...services, databaseUrl: '', close: async () => {} }
  const person = async (options: Parameters<typeof createPerson>[1]) =>
    signIn(testServices, await createPerson(testServices, options))
  return {
    member: await person({ name: 'Mia', roles: { [largeTenant]: 'member' } }),
    small: await person({ name: 'Sam', roles: { [smallTenant]: 'owner' } }),
    several: await person({
      name: 'Sev',
      roles: { [largeTenant]: 'member', 'tenant-2': 'viewer', 'tenant-3': 'admin' },
    }),
    operator: await person({ name: 'Olga', operator: true }),
  }
}
