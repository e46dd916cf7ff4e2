import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CredentialBox } from '#server/core/credential.ts'
import { env } from '#server/env.ts'
import { callAs } from './call.ts'
import { signIn } from './person.ts'
import { type TestServices, testServices } from './services.ts'

let services: TestServices
let folder: string
beforeAll(async () => {
  services = await testServices()
  folder = await mkdtemp(join(tmpdir(), 'skerry-seed-'))
  for (const name of ['ca', 'cert', 'key']) await writeFile(join(folder, `${name}.pem`), `${name} of the lab`)
})
afterAll(async () => {
  await services?.close()
  await rm(folder, { recursive: true, force: true })
})

const uuid = (n: number) => `00000000-0000-4000-8000-00000000000${n}`
const fleet = {
  accelerator: 'qemu',
  sites: [
    { key: 'oslo', name: 'Oslo', kind: 'region', lat: 59.9, lon: 10.7 },
    { key: 'tromso', name: 'Tromsø', kind: 'edge', lat: 69.6, lon: 18.9 },
  ],
  tenants: [
    { key: 'shop', name: 'Shop' },
    { key: 'edge', name: 'Edge' },
  ],
  hosts: ['oslo-1', 'tromso-1'].map((name, i) => ({
    name,
    siteKey: name.split('-')[0],
    address: `10.0.0.${i}`,
    tlsUri: `qemu+tls://10.0.0.${i}/system`,
    socketPath: '/none',
    pki: {},
  })),
  guests: [
    { name: 'web', uuid: uuid(1), tenantKey: 'shop', tags: ['prod'], host: 'oslo-1' },
    { name: 'camera', uuid: uuid(2), tenantKey: 'edge', tags: [], host: 'tromso-1' },
  ],
}

async function seed(description: object) {
  const file = (name: string) => join(folder, name)
  const pki = { caCertPath: file('ca.pem'), certPath: file('cert.pem'), keyPath: file('key.pem') }
  const text = JSON.stringify(description, (key, value) => (key === 'pki' ? pki : value))
  await writeFile(file('fleet.json'), text)
  const program = ['prisma/seed.ts', '--fleet', file('fleet.json'), '--sign-in', file('sign-in.json')]
  const { stdout } = await promisify(execFile)(process.execPath, program, {
    env: { ...process.env, DATABASE_URL: services.databaseUrl },
  })
  const people: { role: string; email: string; password: string }[] = JSON.parse(
    await readFile(file('sign-in.json'), 'utf8'),
  )
  return { count: JSON.parse(stdout), people }
}

test('writes the lab’s fleet and people, then only renews how hosts are reached', async () => {
  const first = await seed(fleet)
  expect(first.count).toEqual({ sites: 2, links: 1, hosts: 2, tenants: 2, templates: 1, vms: 2, people: 5 })
  expect((await stat(join(folder, 'sign-in.json'))).mode & 0o777).toBe(0o600)
  for (const { role, email, password } of first.people) {
    const headers = await signIn(services, { id: '', email, password })
    const caller = await callAs(services, headers)
    const me = await caller.session.me()
    expect(me.operator ? 'operator' : me.memberships[0]?.role).toBe(role)
    expect((await caller.tenant.list()).map(({ slug }) => slug)).toEqual(
      role === 'operator' ? ['edge', 'shop'] : ['shop'],
    )
  }
  const db = services.authDb
  const host = await db.host.findUniqueOrThrow({ where: { name: 'oslo-1' } })
  expect(Buffer.from(host.credential ?? []).includes('key of the lab')).toBe(false)
  expect(CredentialBox.fromText(env().SKERRY_KEY).open(host.credential ?? new Uint8Array(), host.id)).toEqual({
    tls: { authority: 'ca of the lab', certificate: 'cert of the lab', key: 'key of the lab' },
  })
  expect(await db.vm.findUniqueOrThrow({ where: { uuid: uuid(1) } })).toMatchObject({ tags: ['prod'], hostId: host.id })

  expect(await db.networkGrant.count({ where: { networkName: 'fleet', tenantId: { not: null } } })).toBe(2)

  // People change things; a guest is deleted; the two hosts swap their addresses.
  await db.tenant.updateMany({ data: { quotaVms: 99 } })
  await db.vm.delete({ where: { uuid: uuid(2) } })
  await db.networkGrant.deleteMany({ where: { networkName: 'fleet' } })
  const [one, two] = fleet.hosts
  const swapped = [
    { ...one, tlsUri: two?.tlsUri },
    { ...two, tlsUri: one?.tlsUri },
  ]
  const second = await seed({ ...fleet, hosts: swapped })
  expect(second.count).toEqual({ sites: 0, links: 0, hosts: 0, tenants: 0, templates: 0, vms: 0, people: 0 })
  expect(second.people).toEqual(first.people)
  expect(await db.vm.count()).toBe(1)
  expect(await db.networkGrant.count({ where: { networkName: 'fleet' } })).toBe(0)
  expect(await db.tenant.count({ where: { quotaVms: 99 } })).toBe(2)
  const after = await db.host.findUniqueOrThrow({ where: { name: 'oslo-1' } })
  expect(after).toMatchObject({ id: host.id, uri: two?.tlsUri })
  const entries = await db.auditEntry.findMany({ where: { action: 'fleet.seed' } })
  expect(entries).toHaveLength(1)
})

test('who has lost the file of passwords gets new ones', async () => {
  await rm(join(folder, 'sign-in.json'))
  const { count, people } = await seed(fleet)
  expect(count.people).toBe(0)
  for (const { email, password } of people) await signIn(services, { id: '', email, password })
})
