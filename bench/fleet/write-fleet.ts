import type pg from 'pg'
import { sampleXml } from './sample-xml.ts'

export interface FleetSize {
  vms: number
  hosts: number
  sites: number
  tenants: number
}

/** The tenant that owns 60 % of the VMs, and one that owns a few. */
export const largeTenant = 'tenant-1'
export const smallTenant = 'tenant-40'

/**
 * Writes a fleet as it looks after some years: names of role, environment and number; most VMs running; a few tags
 * each, some of them rare; 60 % in one tenant, 10 % in the next, the rest spread over the others, 2 % nobody's;
 * readings of what runs; operations at work. The connection must see the whole fleet.
 */
export async function writeFleet(sql: pg.Client, size: FleetSize): Promise<void> {
  const { vms, hosts, sites, tenants } = size
  await sql.query('SELECT setseed(0.5)')
  await sql.query(
    `INSERT INTO tenant (id, name, slug)
     SELECT 'tenant-' || n, initcap(word || ' ' || n), word || '-' || n
     FROM generate_series(1, $1::int) AS n, LATERAL (SELECT (ARRAY['acme','borealis','cobalt','delta','ember'])[1 + n % 5]) AS w (word)`,
    [tenants],
  )
  await sql.query(
    `INSERT INTO site (id, name, slug, kind, latitude, longitude)
     SELECT gen_random_uuid(), 'Site ' || lpad(n::text, 3, '0'), 'site-' || n,
       (CASE WHEN n <= 4 THEN 'region' ELSE 'edge' END)::site_kind, 50 + random() * 10, random() * 20
     FROM generate_series(1, $1::int) AS n`,
    [sites],
  )
  // Half of the hosts stand in the first tenth of the sites.
  await sql.query(
    `INSERT INTO host (id, site_id, name, uri, state, cpu_count, memory_bytes, memory_free_bytes, accelerator)
     SELECT gen_random_uuid(), site.id, 'host-' || lpad(n::text, 4, '0'), 'qemu+tls://host-' || n || '/system',
       'connected', 64, 2::bigint ^ 39, 2::bigint ^ 37, 'kvm'
     FROM generate_series(1, $1::int) AS n
     JOIN site ON site.slug = 'site-' || (1 + CASE WHEN n % 2 = 0 THEN n / 2 % greatest(1, $2::int / 10) ELSE n / 2 % $2::int END)`,
    [hosts, sites],
  )
  await sql.query(
    `CREATE TEMP TABLE host_number AS SELECT id, site_id, row_number() OVER (ORDER BY name) - 1 AS number FROM host`,
  )
  const chunk = 10_000
  for (let first = 1; first <= vms; first += chunk) {
    const last = Math.min(vms, first + chunk - 1)
    await sql.query(vmsSql, [first, last, hosts, tenants, sampleXml])
  }
  await sql.query(
    `INSERT INTO vm_stat (vm_id, at, cpu_usage, memory_used_bytes, disk_read_bytes_per_second,
       disk_write_bytes_per_second, disk_reads_per_second, disk_writes_per_second, network_receive_bits_per_second,
       network_transmit_bits_per_second, interval_seconds, cpu_series, memory_series, disk_series, network_series)
     SELECT vm.id, now(), random() ^ 3, vm.memory_bytes / 2, 1e6, 1e6, 10, 10, 1e6, 1e6, 5, s.v, s.v, s.v, s.v
     FROM vm, LATERAL (SELECT array_agg(random()) AS v FROM generate_series(1, 60) WHERE vm.id IS NOT NULL) AS s
     WHERE vm.state = 'running'`,
  )
  await sql.query(
    `INSERT INTO operation (id, kind, tenant_id, target_kind, target_id, target_name, exclusive, state, actor_kind,
       actor_id, actor_name, input)
     SELECT gen_random_uuid(), 'migrate-vm', tenant_id, 'vm', id::text, name, true,
       (CASE WHEN n <= 100 THEN 'running' ELSE 'succeeded' END)::operation_state, 'user', 'bench', 'Bench', '{}'
     FROM (SELECT *, row_number() OVER (ORDER BY uuid) AS n FROM vm) AS vm WHERE n <= 5000`,
  )
  await sql.query('DROP TABLE host_number')
  await sql.query('VACUUM ANALYZE')
}

const vmsSql = `
  INSERT INTO vm (id, uuid, name, state, state_since, tenant_id, site_id, host_id, vcpu_count, memory_bytes, disk_bytes,
    addresses, tags, agent_connected, protected, created_at, xml)
  SELECT gen_random_uuid(), uuid, role || '-' || environment || '-' || lpad((n * 7919 % 100000)::text, 5, '0'),
    (ARRAY['running','running','running','running','running','running','running','running','off','off','paused','crashed'])
      [CASE WHEN luck < 0.95 THEN 1 + (n * 31 % 10) WHEN luck < 0.99 THEN 11 ELSE 12 END],
    now() - random() * interval '90 days',
    CASE WHEN share < 0.60 THEN 'tenant-1' WHEN share < 0.70 THEN 'tenant-2' WHEN share < 0.98
      THEN 'tenant-' || (3 + floor(random() * ($4::int - 2)))::int END,
    host_number.site_id, host_number.id, 2 ^ floor(random() * 6), 2::bigint ^ (30 + floor(random() * 7))::int,
    (10 + floor(random() * 200))::bigint * 1024 ^ 3,
    ARRAY['10.' || n / 65536 || '.' || n / 256 % 256 || '.' || n % 256],
    ARRAY[role, environment, 'team-' || (1 + floor(random() ^ 2 * 50))::int]
      || CASE WHEN n % 1000 = 17 THEN ARRAY['pci'] ELSE '{}' END,
    luck < 0.8, n % 50 = 0, now() - random() * interval '1000 days',
    replace(replace(replace($5, '@uuid@', uuid::text), '@name@', role || n), '@secret@', md5(uuid::text) || md5(n::text))
  FROM (SELECT n, gen_random_uuid() AS uuid, random() AS luck, random() AS share,
      (ARRAY['web','api','db','cache','queue','build','desk','edge','mail','proxy'])[1 + floor(random() * 10)::int] AS role,
      (ARRAY['prod','prod','prod','stage','dev'])[1 + floor(random() * 5)::int] AS environment
    FROM generate_series($1::int, $2::int) AS n) AS drawn
  JOIN host_number ON host_number.number = n * 13 % $3::int`
