import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SimulatedFleet } from '#lab/simulated/fleet.ts'
import { type Db, openDb } from '#server/db.ts'
import { libvirtDriver } from '#server/hypervisor/libvirt/driver.ts'
import { Daemon } from '#server/libvirt/testing/daemon.ts'
import { type TestDatabase, testDatabase } from '#server/testing/postgres.ts'
import { type Inventory, startInventory } from './inventory.ts'

const vmCount = 5000
let daemon: Daemon
let database: TestDatabase
let db: Db
let sql: pg.Client
let inventory: Inventory
let keeper: Awaited<ReturnType<Daemon['connect']>>
/** All connections see the same VMs, as long as one of them stays. */
const uri = 'test:///default'

const name = (index: number) => `vm-${String(index).padStart(4, '0')}`

function definition(index: number): string {
  const tail = index.toString(16).padStart(12, '0')
  const source = `/images/${name(index)}.qcow2`
  return `<domain type='test'><name>${name(index)}</name><uuid>00000000-0000-4000-8000-${tail}</uuid>
    <memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type>hvm</type></os><devices>
    <disk type='file' device='disk'><source file='${source}'/><target dev='vda' bus='virtio'/></disk>
    <interface type='bridge'><mac address='52:54:00:00:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}'/><source bridge='br0'/></interface>
    </devices></domain>`
}

async function rows(text: string): Promise<Record<string, unknown>[]> {
  return (await sql.query(text)).rows
}

async function within(limitMs: number, text: string, expected: Record<string, unknown>): Promise<number> {
  const startedAt = performance.now()
  for (;;) {
    const [row] = await rows(text)
    const waited = performance.now() - startedAt
    if (JSON.stringify(row) === JSON.stringify(expected)) return Math.round(waited)
    if (waited > limitMs) expect(row, `after ${limitMs} ms`).toEqual(expected)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

beforeAll(async () => {
  daemon = await Daemon.start()
  keeper = await daemon.connect(uri)
  const batches = Array.from({ length: vmCount / 100 }, (_, batch) => batch * 100)
  for (const first of batches) {
    const all = Array.from({ length: 100 }, (_, index) =>
      keeper.call('domainCreateXml', { xml: definition(first + index) }),
    )
    await Promise.all(all)
  }
  database = await testDatabase()
  db = openDb(database.url, { scope: 'fleet' })
  sql = new pg.Client({ connectionString: database.url, options: '-c skerry.scope=*' })
  await sql.connect()
  const siteId = randomUUID()
  await db.site.create({ data: { id: siteId, name: 'S', slug: 's', kind: 'region', latitude: 0, longitude: 0 } })
  await db.host.create({ data: { siteId, name: 'big', uri: `${uri}?socket=${daemon.socketPath}` } })
})

afterAll(async () => {
  await inventory?.stop()
  await db?.$disconnect()
  await sql?.end()
  await database?.close()
  await keeper?.close()
  await daemon?.remove()
})

test(`${vmCount} VMs of one daemon come into Postgres, beside what virsh takes to print them`, async () => {
  const virshStart = performance.now()
  await daemon.virsh(uri, 'list', '--all')
  await daemon.virsh(uri, 'domstats')
  const virshSeconds = (performance.now() - virshStart) / 1000
  const startedAt = performance.now()
  inventory = await startInventory({ db, driver: libvirtDriver, workerId: 'w', log: pino({ level: 'warn' }) })
  await within(60_000, `SELECT count(*)::int AS n FROM vm WHERE state = 'running'`, { n: vmCount + 1 })
  const syncSeconds = (performance.now() - startedAt) / 1000
  await within(1000, "SELECT count(*)::int AS n FROM vm_interface WHERE mac LIKE '52:54:%'", { n: vmCount })
  console.log({ syncSeconds: syncSeconds.toFixed(2), virshSeconds: virshSeconds.toFixed(2) })
})

test('one event among so many is in its row at once', async () => {
  const times: number[] = []
  for (let index = 0; index < 10; index++) {
    await daemon.virsh(uri, 'suspend', name(index))
    times.push(await within(1000, `SELECT state FROM vm WHERE name = '${name(index)}'`, { state: 'paused' }))
  }
  console.log('milliseconds from virsh to the row', times)
})

test('a storm of events settles in one go', async () => {
  const { domains } = await keeper.call('connectListAllDomains', {})
  const startedAt = performance.now()
  await Promise.all(domains.map((domain) => keeper.call('domainSuspend', { domain }).catch(() => {})))
  const sentMs = performance.now() - startedAt
  await within(30_000, `SELECT count(*)::int AS n FROM vm WHERE state = 'paused'`, { n: vmCount + 1 })
  console.log(
    `${vmCount} VMs suspended in ${Math.round(sentMs)} ms, in Postgres ${Math.round(performance.now() - startedAt - sentMs)} ms later`,
  )
})

test('a hundred hosts with 2,000 VMs are no work for one worker', async () => {
  await inventory.stop()
  const dir = await mkdtemp(join(tmpdir(), 'simulated-'))
  const fleet = new SimulatedFleet({ dir, size: { hosts: 100, vms: 2000 } })
  await fleet.start()
  try {
    const { siteId } = await db.host.findFirstOrThrow()
    await db.host.createMany({ data: fleet.hosts.map(({ name, uri }) => ({ siteId, name, uri })) })
    const startedAt = performance.now()
    inventory = await startInventory({ db, driver: libvirtDriver, workerId: 'w', log: pino({ level: 'warn' }) })
    await within(60_000, "SELECT count(*)::int AS n FROM vm JOIN host ON host.id = host_id WHERE host.name <> 'big'", {
      n: 2000,
    })
    const syncMs = Math.round(performance.now() - startedAt)
    const vm = fleet.hosts.flatMap(({ model }) => [...model.vms.values()]).find((each) => each.isRunning)
    fleet.change(vm?.handle.uuid ?? '')
    const eventMs = await within(1000, `SELECT state FROM vm WHERE uuid = '${vm?.handle.uuid}'`, { state: 'paused' })
    await within(20_000, `SELECT count(DISTINCT host_id)::int > 90 AS read FROM vm_stat JOIN vm ON vm.id = vm_id`, {
      read: true,
    })
    const proved = `SELECT count(*)::int AS n FROM host WHERE name <> 'big' AND accelerator_reason IS NOT NULL`
    await within(60_000, proved, { n: 100 })
    console.log({ syncMs, eventMs })
  } finally {
    await inventory.stop()
    await fleet.stop()
    await rm(dir, { recursive: true, force: true })
  }
})
