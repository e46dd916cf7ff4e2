import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import type { RowOperation, VmRow, VmState } from '#server/schema/vm.ts'

/** What lists read of the table `vm`. */
export const vmColumns = Prisma.sql`vm.id::text AS id, vm.uuid::text AS uuid, vm.name, vm.state, vm.state_reason AS "stateReason",
  vm.state_since AS "stateSince", vm.tenant_id AS "tenantId", vm.site_id::text AS "siteId", vm.host_id::text AS "hostId",
  vm.vcpu_count AS "vcpuCount", vm.memory_bytes::float8 AS "memoryBytes", vm.disk_bytes::float8 AS "diskBytes",
  vm.addresses, vm.tags, vm.protected, vm.agent_connected AS "agentConnected", vm.created_at AS "createdAt"`

export type VmColumns = Omit<
  VmRow,
  'state' | 'stateSince' | 'createdAt' | 'cpuUsage' | 'memoryUsedBytes' | 'cpuSeries' | 'operation'
> & {
  state: VmState
  stateSince: Date
  createdAt: Date
}

/** Adds to bare VM columns what lists show from elsewhere: the newest reading and the operation at work. */
export async function completeRows(tx: Tx, rows: VmColumns[]): Promise<VmRow[]> {
  if (rows.length === 0) return []
  const ids = rows.map((row) => row.id)
  const stats = await tx.vmStat.findMany({
    where: { vmId: { in: ids } },
    select: { vmId: true, cpuUsage: true, memoryUsedBytes: true, cpuSeries: true },
  })
  const operations = await tx.operation.findMany({
    where: { targetKind: 'vm', targetId: { in: ids }, state: { in: ['queued', 'running', 'cancelling'] } },
    orderBy: { createdAt: 'asc' },
    select: {
      id: true,
      targetId: true,
      kind: true,
      state: true,
      phase: true,
      step: true,
      progressDone: true,
      progressTotal: true,
    },
  })
  const statOf = new Map(stats.map((stat) => [stat.vmId, stat]))
  const operationOf = new Map<string, RowOperation>(
    operations.map((operation) => [
      operation.targetId,
      {
        id: operation.id,
        kind: operation.kind,
        state: operation.state as RowOperation['state'],
        phase: operation.phase ?? operation.step,
        progress: operation.progressTotal
          ? Number(operation.progressDone ?? 0n) / Number(operation.progressTotal)
          : null,
      },
    ]),
  )
  return rows.map((row) => {
    const stat = statOf.get(row.id)
    return {
      ...row,
      stateSince: row.stateSince.toISOString(),
      createdAt: row.createdAt.toISOString(),
      cpuUsage: stat?.cpuUsage ?? null,
      memoryUsedBytes: stat?.memoryUsedBytes == null ? null : Number(stat.memoryUsedBytes),
      cpuSeries: stat?.cpuSeries.slice(-24) ?? [],
      operation: operationOf.get(row.id) ?? null,
    }
  })
}

/** Rows by id, for live updates; ids that are gone or not visible are left out. */
export async function readVmRows(tx: Tx, ids: readonly string[]): Promise<VmRow[]> {
  if (ids.length === 0) return []
  const found = await tx.$queryRaw<VmColumns[]>`SELECT ${vmColumns} FROM vm WHERE vm.id = ANY (${ids}::uuid[])`
  return completeRows(tx, found)
}
