import { snapshotStatements } from '#server/core/snapshot-table.ts'
import type { Db } from '#server/db.ts'
import type { DiskFacts, VmFacts } from '#server/hypervisor/facts.ts'
import { rowId } from './row-id.ts'
import { inSql, named, type Sql } from './transaction.ts'
import type { EventRow } from './vm-history.ts'

/**
 * Whoever changes VMs or what belongs to them locks the VMs' rows first, in the order of their UUIDs: so nobody waits
 * for each other in a circle.
 */

/** So many VMs go into one transaction: its notices stay few and its text small. */
const chunkSize = 250
/** Somebody waits for the change of a few VMs, nobody for a whole host. */
const urgentBelow = 5

export interface VmWriting {
  events: readonly EventRow[]
  withDevices: ReadonlySet<string>
}

/** Ids of the rows by the VMs' UUIDs, of those that live on this host. */
export type VmIds = Map<string, string>

interface WrittenVm {
  id: string
  uuid: string
  /** It has just got its row, and so there is nothing below it yet. */
  isNew: boolean
}

const diskBytes = (disks: readonly DiskFacts[]) =>
  disks.filter((disk) => disk.device === 'disk').reduce((sum, disk) => sum + disk.capacityBytes, 0)

const unique = <T>(values: readonly T[], key: (value: T) => string): T[] => [
  ...new Map(values.map((value) => [key(value), value])).values(),
]

/**
 * Writes VMs as their host reports them; only what differs is touched. A VM that the database has on another host comes
 * over only when it runs here and no longer there, or when it is missing there. VMs without a row get one, without a
 * tenant; not those that a boot test throws away again, as long as it goes on. Disks, cards and snapshots are written for those in `withDevices`.
 */
export async function writeVms(db: Db, hostId: string, vms: readonly VmFacts[], { events, withDevices }: VmWriting) {
  const ids: VmIds = new Map()
  const sorted = vms.filter((vm) => !vm.incoming).toSorted((a, b) => (a.uuid < b.uuid ? -1 : 1))
  const urgent = sorted.length <= urgentBelow
  for (let start = 0; start < sorted.length; start += chunkSize) {
    const chunk = sorted.slice(start, start + chunkSize)
    const uuids = new Set(chunk.map((vm) => vm.uuid))
    const told = events.filter((event) => uuids.has(event.uuid))
    const complete = chunk.filter((vm) => withDevices.has(vm.uuid))
    const write = async (sql: Sql) => {
      const written = await writeRows(sql, hostId, chunk, told)
      if (complete.length > 0) await writeDevices(sql, complete, written)
      return written
    }
    const written = await inSql(db, write, { urgent, single: complete.length === 0 })
    for (const { uuid, id } of written) ids.set(uuid, id)
  }
  return ids
}

/** The VMs' own rows, their histories and, of those that are off, no addresses. @returns those that live on this host */
async function writeRows(
  sql: Sql,
  hostId: string,
  vms: readonly VmFacts[],
  events: readonly EventRow[],
): Promise<WrittenVm[]> {
  const rows = vms.map(
    ({ disks, interfaces: _, snapshots, stateReason, incoming: __, xml: ___, nextXml: ____, ...vm }) => ({
      ...vm,
      id: rowId(),
      stateReason: stateReason || null,
      diskBytes: diskBytes(disks),
      snapshotCount: snapshots.length,
    }),
  )
  const lines = events.map((event) => ({ ...event, id: rowId() }))
  const statement = named('write VMs')`
    WITH seen AS MATERIALIZED (
      SELECT * FROM ROWS FROM (
        json_to_recordset(${JSON.stringify(rows)}::json) AS (id uuid, uuid uuid, name text, notes text, state text,
          "stateReason" text, "vcpuCount" int, "memoryBytes" bigint, "diskBytes" bigint, architecture text,
          "machineType" text, "cpuMode" text, accelerator accelerator, persistent bool, autostart bool,
          "agentConnected" bool, "snapshotCount" int, graphics jsonb),
        unnest(${vms.map((vm) => vm.xml)}::text[]), unnest(${vms.map((vm) => vm.nextXml)}::text[]),
        unnest(${vms.map((vm) => vm.nextXml !== undefined)}::bool[])) AS seen (id, uuid, name, notes, state,
          "stateReason", "vcpuCount", "memoryBytes", "diskBytes", architecture, "machineType", "cpuMode", accelerator,
          persistent, autostart, "agentConnected", "snapshotCount", graphics, xml, "nextXml", "knowsNext")),
    written AS (
      INSERT INTO vm (id, uuid, host_id, site_id, name, notes, state, state_reason, vcpu_count, memory_bytes,
        disk_bytes, architecture, machine_type, cpu_mode, accelerator, persistent, autostart, agent_connected,
        snapshot_count, graphics, xml, next_xml)
      SELECT seen.id, seen.uuid, host.id, host.site_id, seen.name, seen.notes, seen.state, seen."stateReason",
        seen."vcpuCount", seen."memoryBytes", seen."diskBytes", seen.architecture, seen."machineType", seen."cpuMode",
        seen.accelerator, seen.persistent, seen.autostart, seen."agentConnected", seen."snapshotCount", seen.graphics,
        seen.xml, CASE WHEN seen."knowsNext" THEN seen."nextXml" ELSE before.next_xml END
      FROM seen JOIN host ON host.id = ${hostId}::uuid LEFT JOIN vm AS before ON before.uuid = seen.uuid
      WHERE NOT EXISTS (SELECT FROM boot_test JOIN operation ON operation.id = boot_test.id
        WHERE machine_uuid = seen.uuid AND operation.finished_at IS NULL)
      ORDER BY seen.uuid
      ON CONFLICT (uuid) DO UPDATE SET
        host_id = excluded.host_id, site_id = excluded.site_id, name = excluded.name, notes = excluded.notes,
        state = excluded.state, state_reason = excluded.state_reason,
        state_since = CASE WHEN vm.state = excluded.state THEN vm.state_since ELSE now() END,
        vcpu_count = excluded.vcpu_count, memory_bytes = excluded.memory_bytes, architecture = excluded.architecture,
        machine_type = excluded.machine_type, cpu_mode = excluded.cpu_mode, accelerator = excluded.accelerator,
        persistent = excluded.persistent, autostart = excluded.autostart, agent_connected = excluded.agent_connected,
        snapshot_count = excluded.snapshot_count, graphics = excluded.graphics, xml = excluded.xml,
        next_xml = excluded.next_xml,
        addresses = CASE WHEN excluded.state = 'off' THEN '{}' ELSE vm.addresses END, last_seen_at = now(),
        missing_since = NULL
      WHERE (vm.host_id = excluded.host_id OR vm.missing_since IS NOT NULL OR (excluded.state = 'running' AND (
          vm.state <> 'running' OR excluded.state_reason IN ('migrated', 'post-copy', 'post-copy failed'))))
        AND (vm.host_id, vm.site_id, vm.name, vm.notes, vm.state, vm.state_reason, vm.vcpu_count, vm.memory_bytes,
          vm.architecture, vm.machine_type, vm.cpu_mode, vm.accelerator, vm.persistent, vm.autostart,
          vm.agent_connected, vm.snapshot_count, vm.graphics, vm.xml, vm.next_xml, vm.missing_since)
        IS DISTINCT FROM (excluded.host_id, excluded.site_id, excluded.name, excluded.notes, excluded.state,
          excluded.state_reason, excluded.vcpu_count, excluded.memory_bytes, excluded.architecture,
          excluded.machine_type, excluded.cpu_mode, excluded.accelerator, excluded.persistent, excluded.autostart,
          excluded.agent_connected, excluded.snapshot_count, excluded.graphics, excluded.xml, excluded.next_xml, NULL::timestamptz)
      RETURNING id, uuid, xmax = 0 AS "isNew"),
    here AS (
      SELECT * FROM written
      UNION ALL
      SELECT vm.id, vm.uuid, false FROM seen JOIN vm ON vm.uuid = seen.uuid
      WHERE vm.host_id = ${hostId}::uuid AND seen.uuid NOT IN (SELECT uuid FROM written)),
    cleared AS (
      UPDATE vm_interface SET addresses = '{}'
      FROM here JOIN seen ON seen.uuid = here.uuid
      WHERE vm_interface.vm_id = here.id AND seen.state = 'off' AND vm_interface.addresses <> '{}'),
    told AS (
      INSERT INTO vm_event (id, vm_id, host_id, at, kind, detail)
      SELECT line.id, here.id, ${hostId}::uuid, line.at, line.kind, line.detail
      FROM json_to_recordset(${JSON.stringify(lines)}::json)
        AS line (id uuid, uuid uuid, at timestamptz, kind text, detail text)
      JOIN here ON here.uuid = line.uuid)
    SELECT id::text, uuid::text, "isNew" FROM here`
  return (await sql.query<WrittenVm>(statement)).rows
}

/** Definitions for the next start, by UUID, of VMs that live on this host. */
export async function writeNextXmls(db: Db, hostId: string, nextXmls: ReadonlyMap<string, string>): Promise<void> {
  if (nextXmls.size === 0) return
  const statement = named('write next definitions')`
    WITH changed AS (
      SELECT vm.id, seen.xml FROM unnest(${[...nextXmls.keys()]}::uuid[], ${[...nextXmls.values()]}::text[])
        AS seen (uuid, xml) JOIN vm ON vm.uuid = seen.uuid
      WHERE vm.host_id = ${hostId}::uuid AND vm.next_xml IS DISTINCT FROM seen.xml
      ORDER BY vm.uuid FOR NO KEY UPDATE OF vm)
    UPDATE vm SET next_xml = changed.xml FROM changed WHERE vm.id = changed.id`
  await inSql(db, (sql) => sql.query(statement), { single: true })
}

/** A size of 0 is one that the hypervisor could not tell just now: the last one stays. */
async function writeDevices(sql: Sql, vms: readonly VmFacts[], written: readonly WrittenVm[]) {
  const rowOf = new Map(written.map((row) => [row.uuid, row]))
  const below = <T>(each: (vm: VmFacts) => T[]) =>
    vms.flatMap((vm) => {
      const vmId = rowOf.get(vm.uuid)?.id
      return vmId ? each(vm).map((device) => ({ ...device, vmId, id: rowId() })) : []
    })
  const disks = JSON.stringify(below((vm) => unique(vm.disks, (disk) => disk.target)))
  const cards = JSON.stringify(below((vm) => unique(vm.interfaces, (card) => card.mac)))
  const older = vms.map((vm) => rowOf.get(vm.uuid)).filter((row) => row && !row.isNew)
  const olderIds = older.map((row) => row?.id ?? '')
  if (olderIds.length > 0) await forgetDevices(sql, olderIds, disks, cards)
  const statement = named('write devices')`
    WITH cards AS (
      INSERT INTO vm_interface (id, vm_id, mac, model, network_name, bridge, device, link_up)
      SELECT seen.id, "vmId", mac, model, "networkName", bridge, device, "linkUp"
      FROM json_to_recordset(${cards}::json) AS seen (id uuid, "vmId" uuid, mac text, model text, "networkName" text,
        bridge text, device text, "linkUp" bool)
      ON CONFLICT (vm_id, mac) DO UPDATE SET model = excluded.model, network_name = excluded.network_name,
        bridge = excluded.bridge, device = excluded.device, link_up = excluded.link_up
      WHERE (vm_interface.model, vm_interface.network_name, vm_interface.bridge, vm_interface.device,
          vm_interface.link_up)
        IS DISTINCT FROM (excluded.model, excluded.network_name, excluded.bridge, excluded.device, excluded.link_up))
    INSERT INTO disk (id, vm_id, target, bus, device, kind, source, format, pool_name, volume_name, backing_path,
      capacity_bytes, allocation_bytes, read_only, shareable)
    SELECT seen.id, "vmId", target, bus, device, kind, source, format, "poolName", "volumeName", "backingPath",
      "capacityBytes", "allocationBytes", "readOnly", shareable
    FROM json_to_recordset(${disks}::json) AS seen (id uuid, "vmId" uuid, target text, bus text, device text,
      kind text, source text, format text, "poolName" text, "volumeName" text, "backingPath" text,
      "capacityBytes" bigint, "allocationBytes" bigint, "readOnly" bool, shareable bool)
    ON CONFLICT (vm_id, target) DO UPDATE SET
      bus = excluded.bus, device = excluded.device, kind = excluded.kind, source = excluded.source,
      format = excluded.format, pool_name = excluded.pool_name, volume_name = excluded.volume_name,
      backing_path = excluded.backing_path, read_only = excluded.read_only, shareable = excluded.shareable,
      capacity_bytes = coalesce(nullif(excluded.capacity_bytes, 0), disk.capacity_bytes),
      allocation_bytes = CASE WHEN excluded.capacity_bytes = 0 THEN disk.allocation_bytes
        ELSE excluded.allocation_bytes END
    WHERE (disk.bus, disk.device, disk.kind, disk.source, disk.format, disk.pool_name, disk.volume_name,
        disk.backing_path, disk.read_only, disk.shareable)
      IS DISTINCT FROM (excluded.bus, excluded.device, excluded.kind, excluded.source, excluded.format,
        excluded.pool_name, excluded.volume_name, excluded.backing_path, excluded.read_only, excluded.shareable)
      OR (excluded.capacity_bytes > 0 AND (disk.capacity_bytes, disk.allocation_bytes)
        IS DISTINCT FROM (excluded.capacity_bytes, excluded.allocation_bytes))`
  await sql.query(statement)
  await writeSnapshots(sql, vms, rowOf)
  if (olderIds.length > 0) await writeDiskTotals(sql, olderIds)
}

async function writeSnapshots(sql: Sql, vms: readonly VmFacts[], rowOf: ReadonlyMap<string, WrittenVm>) {
  const known = vms.flatMap(({ uuid, snapshots }) => {
    const row = rowOf.get(uuid)
    return row && (snapshots.length > 0 || !row.isNew) ? [{ vmId: row.id, snapshots }] : []
  })
  if (known.length === 0) return
  for (const { text, values } of snapshotStatements(known)) await sql.query({ text, values })
}

/** Takes away the disks and cards that these VMs have no more. */
async function forgetDevices(sql: Sql, vmIds: readonly string[], disks: string, cards: string) {
  const statement = named('forget devices')`
    WITH cards AS (
      DELETE FROM vm_interface WHERE vm_id = ANY (${vmIds}::uuid[]) AND (vm_id, mac) NOT IN (
        SELECT "vmId", mac FROM json_to_recordset(${cards}::json) AS seen ("vmId" uuid, mac text)))
    DELETE FROM disk WHERE vm_id = ANY (${vmIds}::uuid[]) AND (vm_id, target) NOT IN (
      SELECT "vmId", target FROM json_to_recordset(${disks}::json) AS seen ("vmId" uuid, target text))`
  await sql.query(statement)
}

/**
 * Makes each VM's sum of disks right. While the size of one is not known, the sum is not less than it was: what a new VM
 * was allowed counts against its tenant's quota until its host has told.
 */
export async function writeDiskTotals(sql: Sql, vmIds: readonly string[]): Promise<void> {
  const statement = named('write disk totals')`
    UPDATE vm SET disk_bytes = total.bytes
    FROM (SELECT vm.id, greatest(coalesce(sum(capacity_bytes), 0),
        CASE WHEN bool_or(capacity_bytes = 0 AND source IS NOT NULL) THEN vm.disk_bytes END) AS bytes
      FROM vm LEFT JOIN disk ON disk.vm_id = vm.id AND disk.device = 'disk'
      WHERE vm.id = ANY (${vmIds}::uuid[]) GROUP BY vm.id) AS total
    WHERE vm.id = total.id AND vm.disk_bytes <> total.bytes`
  await sql.query(statement)
}
