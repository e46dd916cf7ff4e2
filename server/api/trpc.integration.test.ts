import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPerson, createTenant, signIn } from '#server/testing/person.ts'
import { type TestServices, testServices } from '#server/testing/services.ts'
import { createContext } from './context.ts'
import { createCaller } from './root.ts'

let services: TestServices
beforeAll(async () => {
  services = await testServices()
})
afterAll(() => services?.close())

test('a signed-in person is known by the cookie', async () => {
  const tenant = await createTenant(services, 'Acme')
  const person = await createPerson(services, { name: 'Ada', roles: { [tenant.id]: 'viewer' } })
  const headers = await signIn(services, person)
  const ctx = await createContext(services, headers)
  expect(ctx.actor?.memberships).toEqual([{ tenantId: tenant.id, tenantName: 'Acme', role: 'viewer' }])
  expect(ctx.actor?.activeTenantId).toBe(tenant.id)
  expect(await createCaller(ctx).session.me()).toMatchObject({ name: 'Ada' })
  await expect(createCaller(await createContext(services, new Headers())).session.me()).rejects.toMatchObject({
    code: 'UNAUTHORIZED',
  })
})
