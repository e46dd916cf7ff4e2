import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createContext } from '#server/api/context.ts'
import { callAs } from '#server/testing/call.ts'
import { type OidcPerson, startOidcProvider } from '#server/testing/oidc-provider.ts'
import { cookiesOf, createPerson, createTenant, postAuth, signIn } from '#server/testing/person.ts'
import { type TestServices, testServices } from '#server/testing/services.ts'
import { handleAuth } from './handler.ts'

let provider: Awaited<ReturnType<typeof startOidcProvider>>
let services: TestServices
beforeAll(async () => {
  provider = await startOidcProvider('skerry', 'a secret of both')
  services = await testServices({
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: 'skerry',
    OIDC_CLIENT_SECRET: 'a secret of both',
  })
})
afterAll(async () => {
  await services?.close()
  await provider?.close()
})

/** Goes to the provider and comes back as `person`. */
async function over(person: OidcPerson) {
  const begun = await postAuth(services, '/sign-in/social', {
    provider: 'oidc',
    callbackURL: '/fleet',
    errorCallbackURL: '/login',
  })
  const { url } = (await begun.json()) as { url: string }
  const back = provider.signIn(url, person)
  const done = await handleAuth(services, new Request(back, { headers: { cookie: cookiesOf(begun) } }))
  const headers = new Headers({ cookie: cookiesOf(done) })
  const { actor } = await createContext(services, headers)
  return { actor, headers, location: done.headers.get('location') ?? '' }
}

test('who has an account comes in with it, once more the same', async () => {
  const person = await createPerson(services, { name: 'Ada' })
  const abroad = { sub: 'ada-abroad', email: person.email, name: 'Ada Abroad' }
  const first = await over(abroad)
  expect(first.location).toMatch(/\/fleet$/)
  expect(first.actor).toMatchObject({ id: person.id, name: 'Ada' })
  expect((await over(abroad)).actor?.id).toBe(person.id)
  expect((await (await callAs(services, first.headers)).session.me()).hasPassword).toBe(true)
  const accounts = await services.authDb.account.findMany({ where: { userId: person.id, providerId: 'oidc' } })
  expect(accounts.map(({ accountId }) => accountId)).toEqual(['ada-abroad'])
  const entry = await services.authDb.auditEntry.findFirst({ orderBy: { id: 'desc' } })
  expect(entry).toMatchObject({ action: 'session.sign-in', outcome: 'succeeded', actorId: person.id })
})

test('an account is made for the invited alone, and never an operator’s', async () => {
  const nobody = { sub: 'eve', email: 'eve@example.test', name: 'Eve' }
  expect(await over(nobody)).toMatchObject({ actor: null, location: expect.stringContaining('/login?error=') })
  expect(await services.authDb.user.count({ where: { email: nobody.email } })).toBe(0)
  const tenant = await createTenant(services, 'Acme')
  const owner = await createPerson(services, { roles: { [tenant.id]: 'owner' } })
  const expiresAt = new Date(Date.now() + 60_000)
  const invitation = {
    id: randomUUID(),
    tenantId: tenant.id,
    role: 'viewer',
    status: 'pending',
    expiresAt,
    inviterId: owner.id,
  }
  await services.authDb.tenantInvitation.create({ data: { ...invitation, email: nobody.email } })
  const invited = await over(nobody)
  expect(invited.actor).toMatchObject({ name: 'Eve', operator: false, memberships: [] })
  expect((await (await callAs(services, invited.headers)).session.me()).hasPassword).toBe(false)
})

test('a provider that is away holds up only its own sign-in', async () => {
  const away = await testServices({
    OIDC_ISSUER: 'http://127.0.0.1:9',
    OIDC_CLIENT_ID: 'skerry',
    OIDC_CLIENT_SECRET: 'a secret of both',
  })
  try {
    await signIn(away, await createPerson(away))
    const refused = await postAuth(away, '/sign-in/social', { provider: 'oidc' })
    expect(refused.status).toBe(503)
    expect(await refused.text()).toContain('does not answer')
  } finally {
    await away.close()
  }
})
