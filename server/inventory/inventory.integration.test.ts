import { randomUUID } from 'node:crypto'
import pg from 'pg'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGuest, waitForAgent } from '#lab/guest/guest.ts'
import type { Host } from '#lab/host.ts'
import { Lab } from '#lab/lab.ts'
import { type Db, openDb } from '#server/db.ts'
import { libvirtDriver } from '#server/hypervisor/libvirt/driver.ts'
import { type TestDatabase, testDatabase } from '#server/testing/postgres.ts'
import { type Inventory, startInventory } from './inventory.ts'

let lab: Lab
let host: Host
let database: TestDatabase
let db: Db
let sql: pg.Client
let inventory: Inventory
const hostId = randomUUID()

async function rows(text: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
  return (await sql.query(text, values)).rows
}

/** Waits until a query gives exactly one row equal to what is expected; gives the time it took. */
async function within(limitMs: number, text: string, expected: Record<string, unknown> | null): Promise<number> {
  const startedAt = performance.now()
  for (;;) {
    const [row] = await rows(text)
    const seen = row ?? null
    const waited = performance.now() - startedAt
    if (JSON.stringify(seen) === JSON.stringify(expected)) return waited
    if (waited > limitMs) expect(seen, `after ${limitMs} ms`).toEqual(expected)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

beforeAll(async () => {
  lab = await Lab.create({ id: 'inventory' })
  host = await lab.addHost({ name: 'one', site: 'here' })
  database = await testDatabase()
  db = openDb(database.url, { scope: 'fleet' })
  sql = new pg.Client({ connectionString: database.url, options: '-c skerry.scope=*' })
  await sql.connect()
  const siteId = randomUUID()
  await db.site.create({ data: { id: siteId, name: 'Here', slug: 'here', kind: 'edge', latitude: 0, longitude: 0 } })
  await db.host.create({
    data: { id: hostId, siteId, name: 'one', uri: `qemu:///system?socket=${host.socketPath}` },
  })
  inventory = await start()
})

const start = () => startInventory({ db, driver: libvirtDriver, workerId: 'w', log: pino({ level: 'warn' }) })

afterAll(async () => {
  await inventory?.stop()
  await db?.$disconnect()
  await sql?.end()
  await database?.close()
  await lab?.destroy()
})

test('a host is connected with what it is, its storage and its networks', async () => {
  await within(3000, `SELECT state FROM host`, { state: 'connected' })
  // That takes a guest of its own.
  await within(20_000, `SELECT accelerator <> 'unknown' AS proved FROM host`, { proved: true })
  const [seen] = await rows('SELECT hostname, cpu_count, libvirt_version, host_uuid::text FROM host')
  const [model, uuid] = [await host.virsh('nodeinfo'), await host.run('cat', '/etc/libvirt/libvirtd.conf')]
  expect(seen?.hostname).toBe('one')
  expect(model).toMatch(new RegExp(`CPU\\(s\\): +${seen?.cpu_count}`))
  expect(uuid).toContain(`host_uuid = "${seen?.host_uuid}"`)
  await within(12_000, 'SELECT control_round_trip_ms BETWEEN 0.001 AND 1000 AS measured FROM host', { measured: true })
  expect((await rows('SELECT name FROM storage_pool ORDER BY name')).map((row) => row.name)).toEqual([
    'default',
    'templates',
  ])
  expect(await rows('SELECT name, mode, bridge FROM network')).toEqual([
    { name: 'fleet', mode: 'bridge', bridge: 'br0' },
  ])
})

test('what virsh does to a VM is in its row within a second', async () => {
  const took: Record<string, number> = {}
  const state = `SELECT state FROM vm WHERE name = 'web'`
  const guest = await createGuest(host, { name: 'web' })
  took.define = await within(1000, `SELECT name, state, tenant_id, memory_bytes::int FROM vm WHERE name = 'web'`, {
    name: 'web',
    state: 'off',
    tenant_id: null,
    memory_bytes: 128 * 2 ** 20,
  })
  const [row] = await rows('SELECT uuid::text, host_id::text, accelerator::text, xml FROM vm')
  expect(row).toMatchObject({ uuid: guest.uuid, host_id: hostId, accelerator: 'emulation' })
  expect(row?.xml).toBe(await host.virsh('dumpxml', 'web').then((text) => text.replace(/\n\n$/, '\n')))
  expect(await rows('SELECT target, source, capacity_bytes::int FROM disk')).toEqual([
    { target: 'vda', source: guest.diskPath, capacity_bytes: 64 * 2 ** 20 },
  ])
  await host.virsh('start', 'web')
  took.start = await within(1000, state, { state: 'running' })
  await host.virsh('suspend', 'web')
  took.suspend = await within(1000, state, { state: 'paused' })
  await host.virsh('resume', 'web')
  took.resume = await within(1000, state, { state: 'running' })
  await waitForAgent(host, 'web')
  took.agent = await within(3000, `SELECT agent_connected FROM vm WHERE name = 'web'`, { agent_connected: true })
  await within(8000, `SELECT cardinality(addresses) > 0 AS found FROM vm WHERE name = 'web'`, { found: true })
  const [{ addresses } = {}] = await rows(`SELECT addresses FROM vm WHERE name = 'web'`)
  for (const address of addresses as string[]) {
    expect(await host.virsh('domifaddr', 'web', '--source', 'agent')).toContain(address)
  }
  await host.virsh('setmem', 'web', '96M', '--live')
  took.setmem = await within(3000, `SELECT memory_bytes::int FROM vm WHERE name = 'web'`, {
    memory_bytes: 96 * 2 ** 20,
  })
  await host.virsh('vol-create-as', 'default', 'more.qcow2', '10M', '--format', 'qcow2')
  await host.virsh('attach-disk', 'web', '/var/lib/libvirt/images/more.qcow2', 'vdb', '--subdriver', 'qcow2', '--live')
  took.attach = await within(1000, `SELECT target, capacity_bytes::int FROM disk WHERE target = 'vdb'`, {
    target: 'vdb',
    capacity_bytes: 10 * 2 ** 20,
  })
  await host.virsh('desc', 'web', '--live', '--config', 'says & does <much>')
  took.notes = await within(1000, `SELECT notes FROM vm WHERE name = 'web'`, { notes: 'says & does <much>' })
  await host.virsh('setvcpus', 'web', '2', '--config', '--maximum')
  took.next = await within(2000, `SELECT next_xml LIKE '%>2</vcpu>%' AS found FROM vm WHERE name = 'web'`, {
    found: true,
  })
  // A worker that begins anew lists the VMs without it first, and does not lose it by that.
  await inventory.stop()
  await host.virsh('setvcpus', 'web', '3', '--config', '--maximum')
  await rows(`CREATE FUNCTION lost() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''lost''; END'`)
  await rows(`CREATE TRIGGER lost BEFORE UPDATE ON vm FOR EACH ROW WHEN (new.next_xml IS NULL) EXECUTE FUNCTION lost()`)
  inventory = await start()
  await within(2000, `SELECT next_xml LIKE '%>3</vcpu>%' AS found FROM vm WHERE name = 'web'`, { found: true })
  await rows('DROP TRIGGER lost ON vm')
  await host.virsh('destroy', 'web')
  took.destroy = await within(1000, state, { state: 'off' })
  expect(await rows(`SELECT addresses FROM vm WHERE name = 'web'`)).toEqual([{ addresses: [] }])
  await host.virsh('setmem', 'web', '64M', '--config')
  took.setmemOff = await within(1500, `SELECT memory_bytes::int FROM vm WHERE name = 'web'`, {
    memory_bytes: 64 * 2 ** 20,
  })
  await host.virsh('autostart', 'web')
  took.autostart = await within(1500, `SELECT autostart FROM vm WHERE name = 'web'`, { autostart: true })
  await host.virsh('snapshot-create-as', 'web', 'one')
  took.snapshot = await within(1500, `SELECT snapshot_count FROM vm WHERE name = 'web'`, { snapshot_count: 1 })
  const kinds = (await rows('SELECT kind FROM vm_event ORDER BY at, id')).map((event) => event.kind)
  expect(kinds).toEqual(['defined', 'started', 'suspended', 'resumed', 'changed', 'stopped'])
  await host.virsh('undefine', 'web', '--snapshots-metadata')
  took.undefine = await within(1000, `SELECT count(*)::int AS n FROM vm`, { n: 0 })
  console.log(
    'milliseconds from virsh to the row',
    Object.fromEntries(Object.entries(took).map(([k, v]) => [k, Math.round(v)])),
  )
})
