import type { Db } from '#server/db.ts'
import type { HostDeviceFacts, HostFacts, NetworkFacts, StoragePoolFacts } from '#server/hypervisor/facts.ts'
import { rowId } from './row-id.ts'
import { transact } from './transaction.ts'

/** The share from which a CPU is full, as where the bars of the console turn red. */
const fullFrom = 0.95

/** Every call here writes only what differs: each write tells all browsers. */

export async function writeConnected(db: Db, hostId: string): Promise<void> {
  await db.$executeRaw`
    UPDATE host SET state = 'connected', state_reason = NULL, state_since = now(), last_seen_at = now()
    WHERE id = ${hostId}::uuid AND state <> 'connected'`
}

export async function writeUnreachable(db: Db, hostId: string, reason: string): Promise<void> {
  await db.$executeRaw`
    UPDATE host SET state = 'unreachable', state_reason = ${reason}, cpu_usage = NULL, cpu_full_since = NULL,
      control_round_trip_ms = NULL,
      state_since = CASE WHEN state = 'unreachable' THEN state_since ELSE now() END
    WHERE id = ${hostId}::uuid AND (state, state_reason) IS DISTINCT FROM ('unreachable'::host_state, ${reason})`
}

export async function writeFacts(db: Db, hostId: string, facts: HostFacts): Promise<void> {
  const { devices: _, ...host } = facts
  await db.$executeRaw`
    UPDATE host SET simulated = seen.simulated, host_uuid = seen."hostUuid", hostname = seen.hostname,
      architecture = seen.architecture, cpu_model = seen."cpuModel", cpu_count = seen."cpuCount",
      cpu_mhz = seen."cpuMhz", cpu_features = seen."cpuFeatures", machine_types = seen."machineTypes",
      memory_bytes = seen."memoryBytes",
      memory_free_bytes = coalesce(nullif(host.memory_free_bytes, 0), seen."memoryFreeBytes"), libvirt_version = seen."libvirtVersion",
      hypervisor_version = seen."hypervisorVersion", last_seen_at = now()
    FROM jsonb_to_record(${JSON.stringify({ ...host, hostUuid: host.hostUuid || null })}::jsonb)
      AS seen (simulated bool, "hostUuid" uuid, hostname text, architecture text, "cpuModel" text, "cpuCount" int,
        "cpuMhz" int, "cpuFeatures" text[], "machineTypes" text[], "memoryBytes" bigint, "memoryFreeBytes" bigint,
        "libvirtVersion" text, "hypervisorVersion" text)
    WHERE host.id = ${hostId}::uuid
      AND (host.simulated, host.host_uuid, host.hostname, host.architecture, host.cpu_model, host.cpu_count,
        host.cpu_features, host.machine_types, host.memory_bytes, host.libvirt_version, host.hypervisor_version)
      IS DISTINCT FROM (seen.simulated, seen."hostUuid", seen.hostname, seen.architecture, seen."cpuModel",
        seen."cpuCount", seen."cpuFeatures", seen."machineTypes", seen."memoryBytes", seen."libvirtVersion",
        seen."hypervisorVersion")`
}

/** Load moves all the time: less than a hundredth of the CPU or of the memory is not worth a notice. */
export async function writeLoad(db: Db, hostId: string, load: { cpuUsage: number | null; memoryFreeBytes: number }) {
  await db.$executeRaw`
    UPDATE host SET cpu_usage = ${load.cpuUsage}::float8,
      cpu_full_since = CASE WHEN ${load.cpuUsage}::float8 >= ${fullFrom}::float8 THEN coalesce(cpu_full_since, now()) END,
      memory_free_bytes = ${load.memoryFreeBytes}::float8, last_seen_at = now()
    WHERE id = ${hostId}::uuid AND ((cpu_usage IS NULL) <> (${load.cpuUsage}::float8 IS NULL)
      OR abs(cpu_usage - ${load.cpuUsage}::float8) > 0.01
      OR abs(memory_free_bytes - ${load.memoryFreeBytes}::float8) > 0.01 * memory_bytes)`
}

/** A tenth more or less is what any network does. */
export async function writeRoundTrip(db: Db, hostId: string, medianMs: number): Promise<void> {
  await db.$executeRaw`
    UPDATE host SET control_round_trip_ms = ${medianMs}::float8
    WHERE id = ${hostId}::uuid AND state = 'connected' AND (control_round_trip_ms IS NULL
      OR abs(control_round_trip_ms - ${medianMs}::float8) > greatest(0.05, 0.1 * control_round_trip_ms))`
}

export async function writeAccelerator(
  db: Db,
  hostId: string,
  proof: { accelerator: 'kvm' | 'emulation' | 'unknown'; reason: string },
): Promise<void> {
  await db.$executeRaw`
    UPDATE host SET accelerator = ${proof.accelerator}::accelerator, accelerator_reason = ${proof.reason}
    WHERE id = ${hostId}::uuid
      AND (accelerator, accelerator_reason) IS DISTINCT FROM (${proof.accelerator}::accelerator, ${proof.reason})`
}

export async function writeDevices(db: Db, hostId: string, devices: readonly HostDeviceFacts[]): Promise<void> {
  const json = JSON.stringify(devices.map((device) => ({ ...device, id: rowId() })))
  await transact(db, async (tx) => {
    await tx.$executeRaw`DELETE FROM host_device WHERE host_id = ${hostId}::uuid AND name <> ALL (${devices.map((device) => device.name)}::text[])`
    await tx.$executeRaw`
      INSERT INTO host_device (id, host_id, name, kind, vendor, product, driver, parent)
      SELECT id, ${hostId}::uuid, name, kind, vendor, product, driver, parent FROM jsonb_to_recordset(${json}::jsonb)
        AS seen (id uuid, name text, kind text, vendor text, product text, driver text, parent text)
      ON CONFLICT (host_id, name) DO UPDATE SET kind = excluded.kind, vendor = excluded.vendor,
        product = excluded.product, driver = excluded.driver, parent = excluded.parent
      WHERE (host_device.kind, host_device.vendor, host_device.product, host_device.driver, host_device.parent)
        IS DISTINCT FROM (excluded.kind, excluded.vendor, excluded.product, excluded.driver, excluded.parent)`
  })
}

export async function writeNetworks(db: Db, hostId: string, networks: readonly NetworkFacts[]): Promise<void> {
  const json = JSON.stringify(networks.map((network) => ({ ...network, id: rowId() })))
  await transact(db, async (tx) => {
    await tx.$executeRaw`DELETE FROM network WHERE host_id = ${hostId}::uuid AND name <> ALL (${networks.map((network) => network.name)}::text[])`
    await tx.$executeRaw`
      INSERT INTO network (id, host_id, name, mode, bridge, cidr, active, autostart)
      SELECT id, ${hostId}::uuid, name, mode, bridge, cidr, active, autostart FROM jsonb_to_recordset(${json}::jsonb)
        AS seen (id uuid, name text, mode text, bridge text, cidr text, active bool, autostart bool)
      ON CONFLICT (host_id, name) DO UPDATE SET mode = excluded.mode, bridge = excluded.bridge, cidr = excluded.cidr,
        active = excluded.active, autostart = excluded.autostart
      WHERE (network.mode, network.bridge, network.cidr, network.active, network.autostart)
        IS DISTINCT FROM (excluded.mode, excluded.bridge, excluded.cidr, excluded.active, excluded.autostart)`
  })
}

/**
 * Pools and their volumes. A pool's fill moves all the time; less than a hundredth of it is not worth a notice. A key
 * of shared storage that was proved otherwise stays while the hypervisor tells none.
 */
export async function writeStorage(db: Db, hostId: string, pools: readonly StoragePoolFacts[]): Promise<void> {
  const rows = pools.map(({ volumes: _, ...pool }) => ({ ...pool, id: rowId() }))
  const volumes = pools.flatMap((pool) => pool.volumes.map((volume) => ({ ...volume, pool: pool.name, id: rowId() })))
  const volumesJson = JSON.stringify(volumes)
  await transact(db, async (tx) => {
    await tx.$executeRaw`DELETE FROM storage_pool WHERE host_id = ${hostId}::uuid AND name <> ALL (${pools.map((pool) => pool.name)}::text[])`
    await tx.$executeRaw`
      INSERT INTO storage_pool (id, host_id, name, kind, path, active, capacity_bytes, allocation_bytes,
        available_bytes, shared_key)
      SELECT id, ${hostId}::uuid, name, kind, path, active, "capacityBytes", "allocationBytes", "availableBytes",
        "sharedKey"
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS seen (id uuid, name text, kind text, path text,
        active bool, "capacityBytes" bigint, "allocationBytes" bigint, "availableBytes" bigint, "sharedKey" text)
      ON CONFLICT (host_id, name) DO UPDATE SET kind = excluded.kind, path = excluded.path, active = excluded.active,
        capacity_bytes = excluded.capacity_bytes, allocation_bytes = excluded.allocation_bytes,
        available_bytes = excluded.available_bytes,
        shared_key = coalesce(excluded.shared_key, CASE WHEN storage_pool.path = excluded.path THEN storage_pool.shared_key END)
      WHERE (storage_pool.kind, storage_pool.path, storage_pool.active, storage_pool.capacity_bytes)
        IS DISTINCT FROM (excluded.kind, excluded.path, excluded.active, excluded.capacity_bytes)
        OR (excluded.shared_key IS NOT NULL AND storage_pool.shared_key IS DISTINCT FROM excluded.shared_key)
        OR abs(storage_pool.available_bytes - excluded.available_bytes) > 0.01 * excluded.capacity_bytes`
    await tx.$executeRaw`
      DELETE FROM volume USING storage_pool AS pool
      WHERE pool.id = volume.storage_pool_id AND pool.host_id = ${hostId}::uuid AND NOT EXISTS (
        SELECT FROM jsonb_to_recordset(${volumesJson}::jsonb) AS seen (pool text, name text)
        WHERE seen.pool = pool.name AND seen.name = volume.name)`
    await tx.$executeRaw`
      INSERT INTO volume (id, storage_pool_id, name, path, format, capacity_bytes, allocation_bytes, backing_path)
      SELECT seen.id, pool.id, seen.name, seen.path, seen.format, seen."capacityBytes", seen."allocationBytes",
        seen."backingPath"
      FROM jsonb_to_recordset(${volumesJson}::jsonb) AS seen (id uuid, pool text, name text, path text, format text,
        "capacityBytes" bigint, "allocationBytes" bigint, "backingPath" text)
      JOIN storage_pool AS pool ON pool.host_id = ${hostId}::uuid AND pool.name = seen.pool
      ON CONFLICT (storage_pool_id, name) DO UPDATE SET path = excluded.path, format = excluded.format,
        capacity_bytes = excluded.capacity_bytes, allocation_bytes = excluded.allocation_bytes,
        backing_path = excluded.backing_path
      WHERE (volume.path, volume.format, volume.capacity_bytes, volume.allocation_bytes, volume.backing_path)
        IS DISTINCT FROM (excluded.path, excluded.format, excluded.capacity_bytes, excluded.allocation_bytes,
          excluded.backing_path)`
  })
}
