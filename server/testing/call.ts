import { createContext } from '#server/api/context.ts'
import { createCaller } from '#server/api/root.ts'
import { createPerson, signIn } from './person.ts'
import type { TestServices } from './services.ts'

/** Every procedure as whoever sends these headers. */
export async function callAs(services: TestServices, headers: Headers = new Headers()) {
  return createCaller(await createContext(services, headers))
}

export type Caller = Awaited<ReturnType<typeof callAs>>

/** Every procedure as an operator who is made for it. */
export const callAsOperator = async (services: TestServices): Promise<Caller> =>
  callAs(services, await signIn(services, await createPerson(services, { operator: true })))
