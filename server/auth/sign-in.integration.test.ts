import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createContext } from '#server/api/context.ts'
import { callAs } from '#server/testing/call.ts'
import { cookiesOf, createPerson, createTenant, postAuth, signIn, type TestPerson } from '#server/testing/person.ts'
import { type TestServices, testServices } from '#server/testing/services.ts'
import { totp } from '#server/testing/totp.ts'
import { handleAuth } from './handler.ts'

let services: TestServices
let person: TestPerson
beforeAll(async () => {
  services = await testServices()
  person = await createPerson(services, { name: 'Ada' })
})
afterAll(() => services?.close())

const credentials = ({ email, password }: TestPerson) => ({ email, password })
const actorOf = async (headers: Headers) => (await createContext(services, headers)).actor
const lastAudit = () => services.authDb.auditEntry.findFirst({ orderBy: { id: 'desc' } })

test('the cookie can’t be read by scripts nor sent by other sites, and is Secure over https', async () => {
  const response = await postAuth(services, '/sign-in/email', credentials(person))
  const cookie = response.headers.getSetCookie().find((text) => text.includes('session_token')) ?? ''
  expect(cookie).toMatch(/HttpOnly/i)
  expect(cookie).toMatch(/SameSite=Lax/i)
  expect(cookie).not.toMatch(/Secure/i)
  const overTls = await testServices({ SKERRY_URL: 'https://skerry.example' })
  try {
    const there = await createPerson(overTls)
    const answer = await postAuth(overTls, '/sign-in/email', credentials(there))
    expect(answer.headers.getSetCookie().find((text) => text.includes('session_token'))).toMatch(/^__Secure-.*Secure/i)
  } finally {
    await overTls.close()
  }
})

test('a body without end is refused before anybody has signed in, whatever its headers claim', async () => {
  const part = new Uint8Array(64 * 1024)
  let sent = 0
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      sent += part.length
      controller.enqueue(part)
    },
  })
  const request = new Request(`${services.url}/api/auth/sign-in/email`, {
    ...{ method: 'POST', headers: { origin: services.url, 'content-type': 'application/json' }, body: endless },
    ...{ duplex: 'half' },
  })
  expect((await handleAuth(services, request)).status).toBe(413)
  // 16 MiB, and what is under way by then
  expect(sent).toBeLessThan(17 * 1024 * 1024)
})

test('an ended, an expired and a forged session are nobody', async () => {
  const headers = await signIn(services, person)
  expect(await actorOf(headers)).toMatchObject({ name: 'Ada' })
  const forged = new Headers(headers)
  forged.set('cookie', (headers.get('cookie') ?? '').replace(/token=../, 'token=xx'))
  expect(await actorOf(forged)).toBeNull()
  const unsigned = new Headers(headers)
  unsigned.set('cookie', (headers.get('cookie') ?? '').replace(/(token=[^.]+\.)../, '$1xx'))
  expect(await actorOf(unsigned)).toBeNull()
  await services.authDb.session.updateMany({ data: { expiresAt: new Date(Date.now() - 1_000) } })
  expect(await actorOf(headers)).toBeNull()
  const again = await signIn(services, person)
  await postAuth(services, '/sign-out', {}, Object.fromEntries(again))
  expect(await actorOf(again)).toBeNull()
})

test('a session is prolonged when a day of it has passed, and the browser is told', async () => {
  const headers = await signIn(services, person)
  const told = async () => {
    const responseHeaders = new Headers()
    const { actor } = await createContext(services, headers, { responseHeaders })
    expect(actor).toMatchObject({ name: 'Ada', userId: person.id, memberships: [] })
    return responseHeaders.getSetCookie().join('\n')
  }
  expect(await told()).toBe('')
  const dayMs = 24 * 3600 * 1000
  await services.authDb.session.updateMany({ data: { expiresAt: new Date(Date.now() + 5.9 * dayMs) } })
  expect(await told()).toContain('session_token')
  const { expiresAt } = await services.authDb.session.findFirstOrThrow({
    where: { userId: person.id },
    orderBy: { expiresAt: 'desc' },
  })
  expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 6.9 * dayMs)
  expect(await told()).toBe('')
})

test('whose membership ends sees nothing of the tenant with the next request', async () => {
  const tenant = await createTenant(services, 'Short stay')
  const guest = await createPerson(services, { roles: { [tenant.id]: 'admin' } })
  const headers = await signIn(services, guest)
  const membership = { tenantId: tenant.id, tenantName: 'Short stay', role: 'admin' }
  expect(await actorOf(headers)).toMatchObject({ memberships: [membership], activeTenantId: tenant.id })
  await services.authDb.tenantMember.deleteMany({ where: { userId: guest.id } })
  const after = await actorOf(headers)
  expect(after?.memberships).toEqual([])
  expect(after).not.toHaveProperty('activeTenantId')
})

test('sign-in is limited for an address, counted in the database', async () => {
  const from = { 'x-skerry-address': '203.0.113.7' }
  const wrong = { email: person.email, password: 'not the password' }
  const statuses: number[] = []
  for (let i = 0; i < 12; i += 1) statuses.push((await postAuth(services, '/sign-in/email', wrong, from)).status)
  expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401))
  expect(statuses.slice(10)).toEqual([429, 429])
  expect((await postAuth(services, '/sign-in/email', credentials(person), from)).status).toBe(429)
  expect((await postAuth(services, '/sign-in/email', credentials(person))).status).toBe(200)
  const counted = await services.authDb.rateLimit.findMany({ where: { key: { contains: '203.0.113.7' } } })
  expect(counted.map(({ count }) => count)).toEqual([10])
})

test('sign-ins and refusals are in the audit, what was typed is not', async () => {
  await postAuth(services, '/sign-in/email', { email: person.email, password: 'hunter2-hunter2' })
  expect(await lastAudit()).toMatchObject({
    ...{ action: 'session.sign-in', outcome: 'denied', resourceId: person.id },
    ...{ actorId: null, actorName: 'somebody, as Ada' },
  })
  await postAuth(services, '/sign-in/email', credentials(person))
  expect(await lastAudit()).toMatchObject({ action: 'session.sign-in', outcome: 'succeeded', actorName: 'Ada' })
  const all = await services.authDb.auditEntry.findMany()
  expect(JSON.stringify(all, (_, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(
    'hunter2',
  )
})

describe('better-auth’s own surface', () => {
  test.each([
    ['POST', '/sign-up/email', { name: 'x', email: 'x@example.test', password: 'x'.repeat(20) }],
    ['POST', '/organization/create', { name: 'Mine', slug: 'mine' }],
    ['POST', '/organization/update-member-role', { memberId: 'm', role: 'owner' }],
    ['POST', '/organization/invite-member', { email: 'x@example.test', role: 'owner' }],
    ['POST', '/organization//create', { name: 'Mine', slug: 'mine' }],
    ['POST', '/organization/create/', { name: 'Mine', slug: 'mine' }],
    ['POST', '/ORGANIZATION/create', { name: 'Mine', slug: 'mine' }],
    ['POST', '/organization%2Fcreate', { name: 'Mine', slug: 'mine' }],
    ['POST', '/api-key/create', { name: 'mine' }],
    ['POST', '/change-email', { newEmail: 'x@example.test' }],
    ['POST', '/delete-user', {}],
    ['POST', '/update-session', { activeTenantId: 'x' }],
    ['GET', '/organization/list', undefined],
  ])('has no %s %s', async (method, path, body) => {
    const headers = await signIn(services, person)
    headers.set('content-type', 'application/json')
    const request = new Request(`${services.url}/api/auth${path}`, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    expect((await handleAuth(services, request)).status).toBe(404)
    expect(await services.authDb.tenant.count({ where: { slug: 'mine' } })).toBe(0)
  })

  test('nobody makes themselves operator by editing their account', async () => {
    const headers = Object.fromEntries(await signIn(services, person))
    await postAuth(services, '/update-user', { name: 'Ada L.', operator: true, twoFactorEnabled: true }, headers)
    const row = await services.authDb.user.findUniqueOrThrow({ where: { id: person.id } })
    expect(row).toMatchObject({ operator: false, twoFactorEnabled: false })
  })

  test('another site’s page can’t sign in or out with it', async () => {
    const answer = await postAuth(
      services,
      '/sign-out',
      {},
      {
        ...Object.fromEntries(await signIn(services, person)),
        origin: 'https://evil.example',
      },
    )
    expect(answer.status).toBe(403)
  })
})

test('with a second factor the password alone is nobody; a code or a backup code once makes a session', async () => {
  const twice = await createPerson(services, { name: 'Grace' })
  const headers = Object.fromEntries(await signIn(services, twice))
  const enabled = await postAuth(services, '/two-factor/enable', { password: twice.password }, headers)
  const { totpURI, backupCodes } = (await enabled.json()) as { totpURI: string; backupCodes: string[] }
  expect((await postAuth(services, '/two-factor/verify-totp', { code: totp(totpURI) }, headers)).status).toBe(200)

  const half = await postAuth(services, '/sign-in/email', credentials(twice))
  expect(await half.json()).toMatchObject({ twoFactorRedirect: true })
  const halfCookies = { cookie: cookiesOf(half) }
  expect(await actorOf(new Headers(halfCookies))).toBeNull()
  expect((await postAuth(services, '/two-factor/verify-totp', { code: '000000' }, halfCookies)).status).toBe(401)
  const whole = await postAuth(services, '/two-factor/verify-totp', { code: totp(totpURI) }, halfCookies)
  expect(await actorOf(new Headers({ cookie: cookiesOf(whole) }))).toMatchObject({ name: 'Grace' })

  const useBackup = async () => {
    const begun = await postAuth(services, '/sign-in/email', credentials(twice))
    const cookie = cookiesOf(begun)
    return postAuth(services, '/two-factor/verify-backup-code', { code: backupCodes[0] }, { cookie })
  }
  expect((await useBackup()).status).toBe(200)
  expect((await useBackup()).status).toBe(401)
  const stored = await services.authDb.twoFactor.findFirstOrThrow({ where: { userId: twice.id } })
  expect(stored.backupCodes).not.toContain(backupCodes[1])
})

describe('API keys', () => {
  const withKey = (secret: string) => new Headers({ authorization: `Bearer ${secret}` })

  test('act for their person, by either header, until revoked', async () => {
    const tenant = await createTenant(services, 'Keys')
    const owner = await createPerson(services, { name: 'Ona', roles: { [tenant.id]: 'owner' } })
    const asPerson = await callAs(services, await signIn(services, owner))
    const key = await asPerson.apiKey.create({ name: 'script' })
    expect(key.secret).toMatch(/^sk_/)
    expect(await services.authDb.apiKey.count({ where: { key: key.secret } })).toBe(0)
    for (const headers of [withKey(key.secret), new Headers({ 'x-api-key': key.secret })]) {
      expect(await actorOf(headers)).toMatchObject({
        kind: 'api_key',
        id: key.id,
        userId: owner.id,
        name: 'script (Ona)',
      })
    }
    await (await callAs(services, withKey(key.secret))).tenant.rename({ tenantId: tenant.id, name: 'Keys Ltd' })
    expect(await lastAudit()).toMatchObject({ actorKind: 'api_key', actorId: key.id, action: 'tenant.rename' })
    await expect((await callAs(services, withKey(key.secret))).apiKey.create({ name: 'more' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
    await asPerson.apiKey.revoke({ apiKeyId: key.id })
    await expect(actorOf(withKey(key.secret))).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  test('narrowed to a tenant or to reading, they do no more', async () => {
    const [mine, other] = [await createTenant(services, 'Mine'), await createTenant(services, 'Other')]
    const boss = await createPerson(services, { operator: true })
    const asBoss = await callAs(services, await signIn(services, boss))
    const narrow = await asBoss.apiKey.create({ name: 'narrow', tenantId: mine.id })
    const reading = await asBoss.apiKey.create({ name: 'reading', readOnly: true })
    const asNarrow = await callAs(services, withKey(narrow.secret))
    expect((await asNarrow.tenant.list()).map(({ id }) => id)).toEqual([mine.id])
    await expect(asNarrow.tenant.get({ tenantId: other.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(asNarrow.tenant.create({ name: 'Third' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await asNarrow.tenant.rename({ tenantId: mine.id, name: 'Mine too' })
    const asReading = await callAs(services, withKey(reading.secret))
    expect((await asReading.tenant.list()).length).toBeGreaterThan(1)
    await expect(asReading.tenant.rename({ tenantId: mine.id, name: 'x' })).rejects.toThrow(/read-only/)
  })

  test('an expired key is no key, and losing a role narrows what a key may', async () => {
    const tenant = await createTenant(services, 'Lost')
    const admin = await createPerson(services, { roles: { [tenant.id]: 'admin' } })
    const asAdmin = await callAs(services, await signIn(services, admin))
    const key = await asAdmin.apiKey.create({ name: 'short', expiresInDays: 1 })
    await services.authDb.tenantMember.deleteMany({ where: { userId: admin.id } })
    expect(await (await callAs(services, withKey(key.secret))).tenant.list()).toEqual([])
    await services.authDb.apiKey.update({ where: { id: key.id }, data: { expiresAt: new Date(0) } })
    await expect(actorOf(withKey(key.secret))).rejects.toMatchObject({ code: 'unauthenticated' })
  })
})
