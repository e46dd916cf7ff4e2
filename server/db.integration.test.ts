import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Db, inScope, openDb } from './db.ts'
import { type TestDatabase, testDatabase } from './testing/postgres.ts'
import { createHost, createVm } from './testing/vm.ts'

let database: TestDatabase
let fleet: Db
let client: pg.Client

/** What Node or a package warns of while these tests run. */
const warnings: string[] = []
process.on('warning', ({ message }) => warnings.push(message))

/** Each of these has rows of both tenants. */
const guarded = [
  'vm',
  'operation',
  'audit_entry',
  'tenant_member',
  'tenant_invitation',
  'tenant',
  'disk',
  'vm_interface',
  'vm_event',
  'vm_stat',
  'network',
]

beforeAll(async () => {
  database = await testDatabase()
  fleet = openDb(database.url, { scope: 'fleet' })
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const host = await createHost(fleet)
  for (const tenant of ['acme', 'globex']) {
    const user = await fleet.user.create({ data: { id: `u-${tenant}`, name: tenant, email: `${tenant}@example.test` } })
    await fleet.tenant.create({
      data: {
        id: tenant,
        name: tenant,
        slug: tenant,
        members: { create: { id: `m-${tenant}`, userId: user.id, role: 'owner' } },
        invitations: {
          create: {
            id: `i-${tenant}`,
            email: 'x@example.test',
            status: 'pending',
            expiresAt: new Date(),
            inviterId: user.id,
          },
        },
      },
    })
    const network = { hostId: host.id, name: `net-${tenant}`, mode: 'bridge', active: true, autostart: true }
    await fleet.network.create({ data: network })
    await fleet.networkGrant.create({ data: { networkName: network.name, tenantId: tenant } })
    const vm = await createVm(fleet, host, tenant, { name: `vm-${tenant}` })
    await fleet.disk.create({ data: { vmId: vm.id, target: 'vda', bus: 'virtio', device: 'disk', kind: 'file' } })
    await fleet.vmInterface.create({ data: { vmId: vm.id, mac: '52:54:00:00:00:01' } })
    await fleet.vmEvent.create({ data: { vmId: vm.id, kind: 'started' } })
    await client.query(`SELECT set_config('skerry.scope', '*', false)`)
    await client.query(
      `INSERT INTO vm_stat (vm_id, at, cpu_usage, disk_read_bytes_per_second, disk_write_bytes_per_second,
        disk_reads_per_second, disk_writes_per_second, network_receive_bits_per_second,
        network_transmit_bits_per_second, interval_seconds) VALUES ($1, now(), 0, 0, 0, 0, 0, 0, 0, 1)`,
      [vm.id],
    )
    await fleet.operation.create({
      data: {
        kind: 'power-vm',
        tenantId: tenant,
        targetKind: 'vm',
        targetId: vm.id,
        targetName: vm.name,
        actorKind: 'system',
        actorName: 'Test',
        input: {},
      },
    })
    await client.query(
      `INSERT INTO audit_entry (tenant_id, actor_kind, actor_name, action, resource_kind, outcome)
       VALUES ($1, 'system', 'Test', 'vm.power', 'vm', 'succeeded')`,
      [tenant],
    )
  }
  await createVm(fleet, host, null, { name: 'vm-of-nobody' })
})
afterAll(async () => {
  await client?.end()
  await fleet?.$disconnect()
  await database?.close()
})

const count = async (scope: string | null, table: string): Promise<number> => {
  await client.query(scope === null ? 'RESET skerry.scope' : `SELECT set_config('skerry.scope', '${scope}', false)`)
  const { rows } = await client.query(`SELECT count(*)::int AS count FROM ${table}`)
  return rows[0].count
}

test('the application’s role can’t step over row-level security', async () => {
  const { rows } = await client.query('SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user')
  expect(rows).toEqual([{ rolsuper: false, rolbypassrls: false }])
  await expect(client.query('SET row_security = off; SELECT count(*) FROM vm')).rejects.toThrow(/row-level security/)
  await client.query('SET row_security = on')
})

test('every table with a tenant or a VM is guarded, also one added later', async () => {
  const { rows } = await client.query(
    `SELECT DISTINCT c.table_name AS name FROM information_schema.columns c
     JOIN pg_class t ON t.relname = c.table_name AND t.relkind = 'r'
     WHERE c.table_schema = 'public' AND c.column_name IN ('tenant_id', 'vm_id')
       AND NOT (t.relrowsecurity AND t.relforcerowsecurity)`,
  )
  expect(rows).toEqual([])
})

test.each(guarded)('%s: without any WHERE a tenant sees its own rows alone, an unset scope none', async (table) => {
  expect(await count('*', table)).toBe(table === 'vm' ? 3 : 2)
  expect(await count('acme', table)).toBe(1)
  expect(await count('acme,globex', table)).toBe(2)
  for (const nobody of [null, '', 'nobody', 'acm', '%', 'acme globex']) expect(await count(nobody, table)).toBe(0)
})

test('a tenant sees the networks granted to it or to all, in their mode, and grants itself none', async () => {
  const { id: hostId } = await fleet.host.findFirstOrThrow()
  const other = await createHost(fleet)
  const made = { name: 'default', active: true, autostart: true }
  await fleet.network.create({ data: { ...made, hostId, mode: 'nat' } })
  await fleet.network.create({ data: { ...made, hostId: other.id, mode: 'bridge' } })
  const seen = async () =>
    (await client.query<{ name: string }>(`SELECT name || ' ' || mode AS name FROM network ORDER BY 1`)).rows.map(
      ({ name }) => name,
    )
  await client.query(`SELECT set_config('skerry.scope', 'acme', false)`)
  expect(await seen()).toEqual(['default nat', 'net-acme bridge'])
  expect((await client.query('SELECT tenant_id FROM network_grant ORDER BY 1')).rows).toEqual([
    { tenant_id: 'acme' },
    { tenant_id: null },
  ])
  await expect(
    client.query(
      `INSERT INTO network_grant (id, network_name, tenant_id) VALUES (gen_random_uuid(), 'net-globex', 'acme')`,
    ),
  ).rejects.toThrow(/row-level security/)
  expect((await client.query(`UPDATE network_grant SET network_name = 'net-globex'`)).rowCount).toBe(0)
  expect((await client.query(`UPDATE network SET name = 'net-acme'`)).rowCount).toBe(0)
  await client.query('RESET skerry.scope')
  expect(await seen()).toEqual([])
  expect((await client.query('SELECT * FROM network_grant')).rows).toEqual([])
  await fleet.network.deleteMany({ where: { name: 'default' } })
})

test('a tenant can’t change, give away or make another’s rows', async () => {
  await client.query(`SELECT set_config('skerry.scope', 'acme', false)`)
  expect((await client.query(`UPDATE vm SET notes = 'mine' WHERE tenant_id = 'globex'`)).rowCount).toBe(0)
  expect((await client.query(`DELETE FROM operation WHERE tenant_id = 'globex'`)).rowCount).toBe(0)
  await expect(client.query(`UPDATE vm SET tenant_id = 'globex'`)).rejects.toThrow(/row-level security/)
  await expect(client.query(`INSERT INTO tenant (id, name, slug) VALUES ('x', 'x', 'x')`)).rejects.toThrow(/row-level/)
})

test('several relations of a row, read in a transaction, are asked for in turn', async () => {
  const include = { disks: true, interfaces: true, events: true, host: { include: { site: true, vms: true } } }
  const vms = await inScope(fleet, 'fleet', (tx) => tx.vm.findMany({ include, orderBy: { name: 'asc' } }))
  expect(vms.map((vm) => [vm.name, vm.disks.length, vm.interfaces.length, vm.events.length])).toEqual([
    ['vm-acme', 1, 1, 1],
    ['vm-globex', 1, 1, 1],
    ['vm-of-nobody', 0, 0, 0],
  ])
  await new Promise(setImmediate)
  expect(warnings.filter((message) => message.includes('already executing'))).toEqual([])
})

test('a process that is frozen in the middle of a transaction does not keep its locks for ever', async () => {
  const found = await fleet.$queryRaw<{ limit: string }[]>`
    SELECT current_setting('idle_in_transaction_session_timeout') AS limit`
  expect(found).toEqual([{ limit: '20s' }])
})
