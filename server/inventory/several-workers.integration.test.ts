import { randomUUID } from 'node:crypto'
import pg from 'pg'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGuest, defineXml } from '#lab/guest/guest.ts'
import type { Host } from '#lab/host.ts'
import { Lab } from '#lab/lab.ts'
import { WorkerLease } from '#server/core/worker-lease.ts'
import { type Db, openDb } from '#server/db.ts'
import { libvirtDriver } from '#server/hypervisor/libvirt/driver.ts'
import { type TestDatabase, testDatabase } from '#server/testing/postgres.ts'
import { type Inventory, startInventory } from './inventory.ts'

let lab: Lab
let first: Host
let second: Host
let database: TestDatabase
let db: Db
let sql: pg.Client
const leases: WorkerLease[] = []
const inventories: Inventory[] = []
const ids = { first: randomUUID(), second: randomUUID() }
const log = pino({ level: 'silent' })

async function rows(text: string): Promise<Record<string, unknown>[]> {
  return (await sql.query(text)).rows
}

async function within(limitMs: number, text: string, expected: Record<string, unknown>) {
  const startedAt = performance.now()
  for (;;) {
    const [row] = await rows(text)
    if (JSON.stringify(row) === JSON.stringify(expected)) return
    if (performance.now() - startedAt > limitMs) expect(row, `after ${limitMs} ms`).toEqual(expected)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function startWorker(name: string): Promise<Inventory> {
  leases.push(await WorkerLease.take({ db, name, onLost: () => {} }))
  const inventory = await startInventory({ db, driver: libvirtDriver, workerId: name, log })
  inventories.push(inventory)
  return inventory
}

beforeAll(async () => {
  lab = await Lab.create({ id: 'workers' })
  first = await lab.addHost({ name: 'first' })
  second = await lab.addHost({ name: 'second' })
  database = await testDatabase()
  db = openDb(database.url, { scope: 'fleet' })
  sql = new pg.Client({ connectionString: database.url, options: '-c skerry.scope=*' })
  await sql.connect()
  await db.tenant.create({ data: { id: 't', name: 'T', slug: 't' } })
  const site = await db.site.create({ data: { name: 'S', slug: 's', kind: 'edge', latitude: 0, longitude: 0 } })
  for (const host of [first, second]) {
    const uri = `qemu:///system?socket=${host.socketPath}`
    await db.host.create({
      data: { id: ids[host === first ? 'first' : 'second'], siteId: site.id, name: host.name, uri },
    })
  }
  await startWorker('w')
  await startWorker('v')
  await within(
    20_000,
    `SELECT count(DISTINCT worker_id)::int AS workers, count(*)::int AS hosts FROM host WHERE state = 'connected'`,
    { workers: 2, hosts: 2 },
  )
})

afterAll(async () => {
  for (const inventory of inventories) await inventory.stop()
  for (const lease of leases) await lease.release()
  await db?.$disconnect()
  await sql?.end()
  await database?.close()
  await lab?.destroy()
})

const nomad = `SELECT id::text, tenant_id, tags, protected, state, host_id::text FROM vm WHERE name = 'nomad'`
let given: Record<string, unknown>

test('a VM that virsh moves while it is off keeps what people gave it, whatever comes first', async () => {
  await createGuest(first, { name: 'nomad' })
  await within(5000, `SELECT state FROM vm WHERE name = 'nomad'`, { state: 'off' })
  await db.vm.updateMany({ where: { name: 'nomad' }, data: { tenantId: 't', tags: ['prod'], protected: true } })
  const [{ id } = {}] = await rows(nomad)
  given = { id, tenant_id: 't', tags: ['prod'], protected: true }
  const xml = await first.virsh('dumpxml', 'nomad')
  await first.virsh('undefine', 'nomad')
  await within(5000, nomad, { ...given, state: 'unknown', host_id: ids.first })
  expect(await rows(`SELECT state_reason FROM vm WHERE name = 'nomad'`)).toEqual([
    { state_reason: 'The host first no longer has it.' },
  ])
  await defineXml(second, xml)
  await within(5000, nomad, { ...given, state: 'off', host_id: ids.second })
  await defineXml(first, xml)
  await new Promise((resolve) => setTimeout(resolve, 500))
  await second.virsh('undefine', 'nomad')
  await within(10_000, nomad, { ...given, state: 'off', host_id: ids.first })
})

test('one that nobody defines again goes after an hour, one that nobody gave anything at once', async () => {
  await first.virsh('undefine', 'nomad')
  await within(5000, nomad, { ...given, state: 'unknown', host_id: ids.first })
  await sql.query(`UPDATE vm SET missing_since = now() - interval '59 minutes'`)
  await new Promise((resolve) => setTimeout(resolve, 4000))
  expect(await rows(nomad)).toHaveLength(1)
  await sql.query(`UPDATE vm SET missing_since = now() - interval '61 minutes'`)
  await within(10_000, `SELECT count(*)::int AS n FROM vm`, { n: 0 })
  await createGuest(second, { name: 'plain' })
  await within(5000, `SELECT name FROM vm`, { name: 'plain' })
  await second.virsh('undefine', 'plain')
  await within(2000, `SELECT count(*)::int AS n FROM vm`, { n: 0 })
})

test('a worker follows the address also of a host that another looks after', async () => {
  const [{ id, uri } = {}] = await rows(`SELECT id::text, uri FROM host WHERE worker_id = 'w' LIMIT 1`)
  const [, other] = inventories
  const before = await other?.hosts.open(String(id))
  expect(before?.address.uri).toBe(uri)
  await sql.query('UPDATE host SET uri = $1 WHERE id = $2', [`${uri}&moved`, id])
  const after = await other?.hosts.open(String(id))
  expect(after?.address.uri).toBe(`${uri}&moved`)
  expect(await other?.hosts.open(String(id))).toBe(after)
  await sql.query('UPDATE host SET uri = $1 WHERE id = $2', [uri, id])
})

test('a stopped worker leaves its hosts to the others', async () => {
  await inventories.pop()?.stop()
  await leases.pop()?.release()
  await within(15_000, `SELECT count(*)::int AS n FROM host WHERE worker_id = 'w' AND state = 'connected'`, { n: 2 })
})
