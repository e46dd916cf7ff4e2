import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { load } from '#server/auth/load.ts'
import { conflict } from '#server/errors.ts'
import { createPerson, createTenant, signIn, type TestPerson } from '#server/testing/person.ts'
import { type TestServices, testServices } from '#server/testing/services.ts'
import { createContext } from './context.ts'
import { handleTrpc, maxBatchSize } from './handler.ts'
import { change, costly, createCallerFactory, type ErrorData, router, signedIn } from './trpc.ts'

let services: TestServices
let tenant: { id: string }
let owner: TestPerson
let viewer: TestPerson
let headers: Headers
beforeAll(async () => {
  services = await testServices()
  tenant = await createTenant(services, 'Acme')
  owner = await createPerson(services, { name: 'Ona', roles: { [tenant.id]: 'owner' } })
  viewer = await createPerson(services, { name: 'Vi', roles: { [tenant.id]: 'viewer' } })
})
beforeEach(async () => {
  headers = await signIn(services, owner)
})
afterAll(() => services?.close())

const tenantId = z.object({ id: z.string().min(1) })
/** Procedures with faults that ours must not have. */
const faulty = router({
  rename: change('tenant', 'rename')
    .input(tenantId)
    .mutation(async ({ ctx, input }) => {
      await load.tenant(ctx, input.id, 'rename')
      ctx.trail.detail = { password: 'hunter2', why: 'test' }
      await ctx.tx.tenant.update({ where: { id: input.id }, data: { name: 'Renamed' } })
    }),
  renameThenFail: change('tenant', 'rename')
    .input(tenantId)
    .mutation(async ({ ctx, input }) => {
      await load.tenant(ctx, input.id, 'rename')
      await ctx.tx.tenant.update({ where: { id: input.id }, data: { name: 'Half done' } })
      throw conflict('It is in the way.', 'Move it.')
    }),
  breakDown: change('tenant', 'rename')
    .input(tenantId)
    .mutation(async ({ ctx, input }) => {
      await load.tenant(ctx, input.id, 'rename')
      throw new TypeError('secret inner workings')
    }),
  forgetCheck: change('tenant', 'rename')
    .input(tenantId)
    .mutation(({ ctx, input }) => ctx.tx.tenant.update({ where: { id: input.id }, data: { name: 'Unchecked' } })),
  asQuery: signedIn.mutation(() => 'changed'),
  costly: signedIn.use(costly(2, 1)).query(() => 'ok'),
})
const call = async (as: Headers) => createCallerFactory(faulty)(await createContext(services, as))
const nameNow = async () => (await services.authDb.tenant.findUniqueOrThrow({ where: { id: tenant.id } })).name
const entriesSince = async (work: () => Promise<unknown>) => {
  const last = await services.authDb.auditEntry.findFirst({ orderBy: { id: 'desc' } })
  await work()
  return services.authDb.auditEntry.findMany({ where: { id: { gt: last?.id ?? 0n } }, orderBy: { id: 'asc' } })
}

test('a change leaves exactly one entry, in its tenant’s chain, without secrets', async () => {
  const caller = await call(headers)
  const entries = await entriesSince(() => caller.rename({ id: tenant.id }))
  expect(entries).toMatchObject([
    {
      action: 'tenant.rename',
      outcome: 'succeeded',
      chain: tenant.id,
      tenantId: tenant.id,
      actorId: owner.id,
      resourceKind: 'tenant',
      resourceId: tenant.id,
      detail: { password: '•••', why: 'test' },
    },
  ])
})

test('a failed change is undone and leaves one entry that says why', async () => {
  const caller = await call(headers)
  const before = await nameNow()
  const entries = await entriesSince(async () => {
    await expect(caller.renameThenFail({ id: tenant.id })).rejects.toMatchObject({ code: 'CONFLICT' })
  })
  expect(await nameNow()).toBe(before)
  expect(entries).toMatchObject([
    { outcome: 'failed', tenantId: tenant.id, detail: { error: { code: 'conflict', message: 'It is in the way.' } } },
  ])
})

test('a refused change leaves one entry as denied, an invisible one in the fleet’s chain', async () => {
  const asViewer = await call(await signIn(services, viewer))
  const denied = await entriesSince(async () => {
    await expect(asViewer.rename({ id: tenant.id })).rejects.toThrow('Your role in')
  })
  expect(denied).toMatchObject([{ outcome: 'denied', actorId: viewer.id, tenantId: tenant.id, resourceId: tenant.id }])
  const hidden = await createTenant(services, 'Hidden')
  const invisible = await entriesSince(async () => {
    await expect(asViewer.rename({ id: hidden.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
  expect(invisible).toMatchObject([{ outcome: 'failed', tenantId: null, resourceId: null }])
})

test('malformed input is a failed change too', async () => {
  const caller = await call(headers)
  const entries = await entriesSince(async () => {
    await expect(caller.rename({ id: '' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })
  expect(entries).toMatchObject([{ outcome: 'failed', detail: { error: { code: 'invalid' } } }])
})

test('a change that forgets its check, or is built as a query, does not happen', async () => {
  const caller = await call(headers)
  const before = await nameNow()
  await expect(caller.forgetCheck({ id: tenant.id })).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR' })
  expect(await nameNow()).toBe(before)
  await expect(caller.asQuery()).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR' })
})

test('inner workings are not told', async () => {
  await expect((await call(headers)).breakDown({ id: tenant.id })).rejects.toThrow(
    'Something went wrong inside Skerry.',
  )
})

test('costly procedures are limited for each actor', async () => {
  const [one, other] = [await call(headers), await call(await signIn(services, viewer))]
  await one.costly()
  await one.costly()
  await expect(one.costly()).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
  await expect(other.costly()).resolves.toBe('ok')
})

const post = (path: string, body: unknown, more: Record<string, string> = {}) => {
  const all = new Headers({ ...Object.fromEntries(headers), 'content-type': 'application/json', ...more })
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const request = new Request(`${services.url}/api/trpc/${path}`, { method: 'POST', headers: all, body: text })
  return handleTrpc(services, request)
}
interface Failure {
  error: { json: { message: string; data: { skerry: ErrorData } } }
}

test('a change with our cookie from another site’s page is refused and on record; a read is not hindered', async () => {
  const change = () =>
    post('tenant.rename', { json: { tenantId: tenant.id, name: 'Evil' } }, { origin: 'https://evil.example' })
  const entries = await entriesSince(async () => expect((await change()).status).toBe(403))
  expect(entries).toMatchObject([{ action: 'tenant.rename', outcome: 'denied' }])
  expect(await nameNow()).not.toBe('Evil')
})

test('over HTTP a failure has its code, its fields and a request id, and no stack', async () => {
  const response = await post('tenant.rename', { json: { tenantId: tenant.id, name: ' ' } })
  expect(response.status).toBe(400)
  const text = await response.text()
  const { message, data } = (JSON.parse(text) as Failure).error.json
  expect(message).toBe('name: Give the tenant a name.')
  expect(data.skerry).toMatchObject({ code: 'invalid', field: 'name', fields: { name: 'Give the tenant a name' } })
  expect(data.skerry.requestId).toBe(response.headers.get('x-request-id'))
  expect(text).not.toContain('node_modules')
})

test('a wrong API key is unauthenticated for whatever is asked', async () => {
  const wrong = { headers: { 'x-api-key': 'sk_wrong' } }
  const response = await handleTrpc(services, new Request(`${services.url}/api/trpc/session.options`, wrong))
  expect(response.status).toBe(401)
  expect(((await response.json()) as Failure).error.json.data.skerry.code).toBe('unauthenticated')
})

test('a read may bring what an address has no room for in a body; a change by GET is refused', async () => {
  const ids = Array.from({ length: 500 }, () => randomUUID())
  const asked = await post('vm.bulkMigratePlan', { json: { ids, destinationHostId: randomUUID() } })
  expect(asked.status).toBe(200)
  const { json } = ((await asked.json()) as { result: { data: { json: unknown[] } } }).result.data
  expect(json).toHaveLength(500)
  expect(json[0]).toMatchObject({ vmId: ids[0], way: null, reasons: [expect.stringContaining('VM')] })
  const input = encodeURIComponent(JSON.stringify({ json: { tenantId: tenant.id, name: 'By GET' } }))
  const byGet = new Request(`${services.url}/api/trpc/tenant.rename?input=${input}`, { headers })
  expect((await handleTrpc(services, byGet)).status).toBe(405)
  expect(await nameNow()).not.toBe('By GET')
})

test('bodies and batches have a limit', async () => {
  const big = JSON.stringify({ json: { tenantId: tenant.id, name: 'x'.repeat(1024 * 1024) } })
  expect((await post('tenant.rename', big, { 'content-length': String(big.length) })).status).toBe(413)
  expect((await post('tenant.rename', big)).status).toBe(413)
  expect(await nameNow()).not.toContain('xxx')
  const batch = (size: number) => {
    const path = Array(size).fill('session.me').join(',')
    const input = encodeURIComponent(JSON.stringify({}))
    return handleTrpc(services, new Request(`${services.url}/api/trpc/${path}?batch=1&input=${input}`, { headers }))
  }
  expect((await batch(maxBatchSize)).status).toBe(200)
  expect((await batch(maxBatchSize + 1)).status).toBe(400)
})
