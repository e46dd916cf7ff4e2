import type { Db } from '#server/db.ts'
import { inSql, lockVms, named } from './transaction.ts'
import { writeDiskTotals } from './vm-table.ts'

/** One VM's rates since the reading before. */
export interface StatRow {
  vmId: string
  cpuUsage: number
  memoryUsedBytes: number | null
  diskReadBytesPerSecond: number
  diskWriteBytesPerSecond: number
  diskReadsPerSecond: number
  diskWritesPerSecond: number
  networkReceiveBitsPerSecond: number
  networkTransmitBitsPerSecond: number
  /** What the series hold of memory: used, or all of it where the guest does not tell */
  memoryBytes: number
}

/** Entries that a series keeps. */
const seriesLength = 60

/** Writes a host's readings in one statement, drops those of VMs that don't run any more, and says so to listeners. */
export async function writeStats(db: Db, hostId: string, at: Date, intervalSeconds: number, rows: readonly StatRow[]) {
  const statement = named('write readings')`
    WITH written AS (
      INSERT INTO vm_stat (vm_id, at, cpu_usage, memory_used_bytes, disk_read_bytes_per_second,
        disk_write_bytes_per_second, disk_reads_per_second, disk_writes_per_second, network_receive_bits_per_second,
        network_transmit_bits_per_second, interval_seconds, cpu_series, memory_series, disk_series, network_series)
      SELECT vm.id, ${at}::timestamptz, "cpuUsage", "memoryUsedBytes", "diskReadBytesPerSecond", "diskWriteBytesPerSecond",
        "diskReadsPerSecond", "diskWritesPerSecond", "networkReceiveBitsPerSecond", "networkTransmitBitsPerSecond",
        ${intervalSeconds}::float8, ARRAY["cpuUsage"], ARRAY["memoryBytes"],
        ARRAY["diskReadBytesPerSecond" + "diskWriteBytesPerSecond"],
        ARRAY["networkReceiveBitsPerSecond" + "networkTransmitBitsPerSecond"]
      FROM json_to_recordset(${JSON.stringify(rows)}::json) AS seen ("vmId" uuid, "cpuUsage" float8,
        "memoryUsedBytes" bigint, "diskReadBytesPerSecond" float8, "diskWriteBytesPerSecond" float8,
        "diskReadsPerSecond" float8, "diskWritesPerSecond" float8, "networkReceiveBitsPerSecond" float8,
        "networkTransmitBitsPerSecond" float8, "memoryBytes" float8)
      JOIN vm ON vm.id = seen."vmId" AND vm.host_id = ${hostId}::uuid
      ORDER BY vm.id
      ON CONFLICT (vm_id) DO UPDATE SET at = excluded.at, cpu_usage = excluded.cpu_usage,
        memory_used_bytes = excluded.memory_used_bytes,
        disk_read_bytes_per_second = excluded.disk_read_bytes_per_second,
        disk_write_bytes_per_second = excluded.disk_write_bytes_per_second,
        disk_reads_per_second = excluded.disk_reads_per_second,
        disk_writes_per_second = excluded.disk_writes_per_second,
        network_receive_bits_per_second = excluded.network_receive_bits_per_second,
        network_transmit_bits_per_second = excluded.network_transmit_bits_per_second,
        interval_seconds = excluded.interval_seconds,
        cpu_series = vm_stat.cpu_series[greatest(1, cardinality(vm_stat.cpu_series) - ${seriesLength - 2}::int):] || excluded.cpu_series,
        memory_series = vm_stat.memory_series[greatest(1, cardinality(vm_stat.memory_series) - ${seriesLength - 2}::int):] || excluded.memory_series,
        disk_series = vm_stat.disk_series[greatest(1, cardinality(vm_stat.disk_series) - ${seriesLength - 2}::int):] || excluded.disk_series,
        network_series = vm_stat.network_series[greatest(1, cardinality(vm_stat.network_series) - ${seriesLength - 2}::int):] || excluded.network_series),
    dropped AS (
      DELETE FROM vm_stat USING vm
      WHERE vm.id = vm_stat.vm_id AND vm.host_id = ${hostId}::uuid AND vm.state IN ('off', 'crashed'))
    SELECT pg_notify('skerry_stat', ${hostId}::text)`
  await inSql(db, (sql) => sql.query(statement), { single: true })
}

export interface DiskSizeRow {
  vmId: string
  target: string
  capacityBytes: number
  allocationBytes: number
}

/** Sizes of disks as they grow; what differs is written. */
export async function writeDiskSizes(db: Db, rows: readonly DiskSizeRow[]): Promise<void> {
  const known = rows.filter((row) => row.capacityBytes > 0)
  if (known.length === 0) return
  const json = JSON.stringify(known)
  const comparison = named('compare disk sizes')`
    SELECT DISTINCT disk.vm_id::text AS "vmId"
    FROM json_to_recordset(${json}::json) AS seen ("vmId" uuid, target text, "capacityBytes" bigint,
      "allocationBytes" bigint)
    JOIN disk ON disk.vm_id = seen."vmId" AND disk.target = seen.target
    WHERE (disk.capacity_bytes, disk.allocation_bytes) IS DISTINCT FROM (seen."capacityBytes", seen."allocationBytes")`
  const differing = await inSql(db, async (sql) => (await sql.query<{ vmId: string }>(comparison)).rows, {
    single: true,
  })
  if (differing.length === 0) return
  const vmIds = differing.map((row) => row.vmId)
  const update = named('write disk sizes')`
      UPDATE disk SET capacity_bytes = seen."capacityBytes", allocation_bytes = seen."allocationBytes"
      FROM json_to_recordset(${json}::json) AS seen ("vmId" uuid, target text, "capacityBytes" bigint,
        "allocationBytes" bigint)
      WHERE disk.vm_id = seen."vmId" AND disk.target = seen.target AND disk.vm_id = ANY (${vmIds}::uuid[])
        AND (disk.capacity_bytes, disk.allocation_bytes)
          IS DISTINCT FROM (seen."capacityBytes", seen."allocationBytes")`
  await inSql(db, async (sql) => {
    await lockVms(sql, vmIds)
    await sql.query(update)
    await writeDiskTotals(sql, vmIds)
  })
}
