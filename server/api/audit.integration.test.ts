import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appendAudit } from '#server/core/audit.ts'
import { inScope } from '#server/db.ts'
import { callAs } from '#server/testing/call.ts'
import { createPerson, createTenant, signIn } from '#server/testing/person.ts'
import { type TestServices, testServices } from '#server/testing/services.ts'
import { exportAudit } from './audit-export.ts'
import { withErrors } from './http-error.ts'

let services: TestServices
let acme: { id: string }
let globex: { id: string }
let adminHeaders: Headers
let operatorHeaders: Headers
let memberHeaders: Headers
let client: pg.Client

const write = (tenantId: string | null, action: string, more: object = {}) =>
  inScope(services.db, { tenantIds: [] }, (tx) =>
    appendAudit(tx, {
      tenantId,
      actorKind: 'system',
      actorId: 'test',
      actorName: 'Test',
      action,
      resourceKind: 'vm',
      resourceId: null,
      resourceName: null,
      outcome: 'succeeded',
      origin: null,
      userAgent: null,
      requestId: null,
      detail: {},
      ...more,
    }),
  )

beforeAll(async () => {
  services = await testServices()
  client = new pg.Client({ connectionString: services.databaseUrl })
  await client.connect()
  acme = await createTenant(services, 'Acme')
  globex = await createTenant(services, 'Globex')
  const admin = await createPerson(services, { roles: { [acme.id]: 'admin', [globex.id]: 'viewer' } })
  adminHeaders = await signIn(services, admin)
  memberHeaders = await signIn(services, await createPerson(services, { roles: { [acme.id]: 'member' } }))
  operatorHeaders = await signIn(services, await createPerson(services, { operator: true }))
  for (let i = 1; i <= 25; i += 1) await write(acme.id, i % 5 ? 'vm.power' : 'vm.edit', { resourceName: `web-${i}` })
  for (let i = 1; i <= 3; i += 1) await write(globex.id, 'vm.power', { resourceName: `=cmd|${i}` })
})
afterAll(async () => {
  await client?.end()
  await services?.close()
})

test('entries written at once by many are one unbroken chain', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, i) => write(acme.id, 'vm.tag', { resourceName: `tag-${i}` })))
  const { rows } = await client
    .query(`SELECT set_config('skerry.scope', '*', false); SELECT 1`)
    .then(() => client.query('SELECT sequence::int FROM audit_entry WHERE chain = $1 ORDER BY sequence', [acme.id]))
  expect(rows.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 45 }, (_, i) => i + 1))
  expect(await (await callAs(services, adminHeaders)).audit.check({ tenantId: acme.id })).toEqual({ faults: [] })
})

test('search narrows by each part and pages through all without repeats', async () => {
  const asAdmin = await callAs(services, adminHeaders)
  const names: (string | null)[] = []
  let cursor: string | undefined
  do {
    const page = await asAdmin.audit.list({ action: 'vm.power', limit: 7, ...(cursor ? { cursor } : {}) })
    names.push(...page.entries.map((entry) => entry.resourceName))
    cursor = page.next ?? undefined
  } while (cursor)
  expect(names).toEqual(
    Array.from({ length: 25 }, (_, i) => 25 - i)
      .filter((i) => i % 5)
      .map((i) => `web-${i}`),
  )
  expect((await asAdmin.audit.list({ text: 'WEB-25' })).entries).toHaveLength(1)
  expect((await asAdmin.audit.list({ outcome: 'denied' })).entries).toEqual([])
  expect((await asAdmin.audit.list({ to: new Date(0) })).entries).toEqual([])
})

test('an admin reads their tenants’ entries, an operator all, a member none', async () => {
  const asAdmin = await callAs(services, adminHeaders)
  const chains = async (of: typeof asAdmin) =>
    new Set((await of.audit.list({ limit: 200 })).entries.map((e) => e.chain))
  expect(await chains(asAdmin)).toEqual(new Set([acme.id]))
  expect(await chains(await callAs(services, operatorHeaders))).toEqual(new Set([acme.id, globex.id, 'fleet']))
  await expect(asAdmin.audit.list({ tenantId: globex.id })).rejects.toThrow('Your role in Globex is viewer')
  await expect((await callAs(services, memberHeaders)).audit.list({})).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

const download = (query: string, headers: Headers) =>
  withErrors(() => exportAudit(services, new Request(`${services.url}/api/audit/export?${query}`, { headers })))

test('the export has every entry, as lines of JSON or as a table no spreadsheet executes', async () => {
  const lines = await download(`format=jsonl&tenantId=${acme.id}&action=vm.power`, adminHeaders)
  const entries = (await lines.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(entries).toHaveLength(20)
  expect(entries[0]).toMatchObject({ action: 'vm.power', chain: acme.id, sequence: 24, hash: expect.any(String) })
  const table = await (await download(`format=csv&tenantId=${globex.id}&action=vm.power`, operatorHeaders)).text()
  expect(table.split('\r\n')[0]).toMatch(/^at,chain,sequence,/)
  expect(table.match(/"'=cmd\|/g)).toHaveLength(3)
  expect(table).not.toMatch(/(^|,)"=cmd/m)
  expect((await download('', new Headers())).status).toBe(401)
  expect((await download('', memberHeaders)).status).toBe(403)
  expect((await download('outcome=nonsense', adminHeaders)).status).toBe(400)
  const own = await services.authDb.auditEntry.findMany({ where: { action: 'audit.export' } })
  expect(own).toHaveLength(2)
})

test('who exports again and again is told to wait', async () => {
  const eager = await signIn(services, await createPerson(services, { roles: { [acme.id]: 'member' } }))
  // At once: after six seconds there is one more to be had.
  const answers = await Promise.all(Array.from({ length: 11 }, () => download('', eager)))
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(10).fill(403), 429])
})

test('what is recorded of archives is found by one kind, also as it was once called', async () => {
  for (const resourceKind of ['archive', 'archival-policy', 'archive-store'])
    await write(null, 'operation.end', { resourceKind })
  const { entries } = await (await callAs(services, operatorHeaders)).audit.list({ resourceKind: 'archive' })
  expect(entries.map((entry) => entry.resourceKind)).toEqual(['archival-policy', 'archive'])
})

test('the application can’t change an entry; who goes behind its back is found', async () => {
  await client.query(`SELECT set_config('skerry.scope', '*', false)`)
  await expect(client.query(`UPDATE audit_entry SET actor_name = 'x'`)).rejects.toThrow(/never changed/)
  await expect(client.query('DELETE FROM audit_entry')).rejects.toThrow(/never changed/)
  const check = async () => (await (await callAs(services, operatorHeaders)).audit.check({})).faults
  expect(await check()).toEqual([])
  const tamper = async (sql: string) => {
    await client.query('ALTER TABLE audit_entry DISABLE TRIGGER audit_keep')
    await client.query(sql)
    await client.query('ALTER TABLE audit_entry ENABLE TRIGGER audit_keep')
  }
  await tamper(`UPDATE audit_entry SET outcome = 'denied' WHERE chain = '${acme.id}' AND sequence = 7`)
  await tamper(
    `DELETE FROM audit_entry WHERE chain = '${globex.id}' AND sequence = (SELECT max(sequence) FROM audit_entry WHERE chain = '${globex.id}')`,
  )
  const faults = await check()
  expect(faults).toHaveLength(2)
  expect(faults).toContainEqual({ chain: acme.id, sequence: 7, fault: 'altered' })
  // The fourth was the export above.
  expect(faults).toContainEqual({ chain: globex.id, sequence: 4, fault: 'removed' })
  await tamper(`DELETE FROM audit_entry WHERE chain = '${acme.id}' AND sequence = 7`)
  expect(await check()).toContainEqual({ chain: acme.id, sequence: 7, fault: 'removed' })
})
