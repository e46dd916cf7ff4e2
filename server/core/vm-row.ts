import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import type { RowOperation, VmRow, VmState } from '#server/schema/vm.ts'
import { liveStatesSql } from './live-state.ts'

/** What lists read of the table `vm`. */
export const vmColumns = Prisma.sql`vm.id AS "rowId", vm.id::text AS id, vm.uuid::text AS uuid, vm.name, vm.state,
  vm.state_reason AS "stateReason", vm.state_since AS "stateSince", vm.tenant_id AS "tenantId",
  vm.site_id::text AS "siteId", vm.host_id::text AS "hostId", vm.vcpu_count AS "vcpuCount",
  vm.memory_bytes::float8 AS "memoryBytes", vm.disk_bytes::float8 AS "diskBytes", vm.addresses, vm.tags, vm.protected,
  vm.agent_connected AS "agentConnected", vm.created_at AS "createdAt"`

type Found = Omit<VmRow, 'stateSince' | 'createdAt' | 'cpuSeries' | 'operation'> & {
  rowId: string
  state: VmState
  stateSince: Date
  createdAt: Date
  cpuSeries: number[] | null
  operationId: string | null
  operationKind: string
  operationState: RowOperation['state']
  operationPhase: string | null
  operationProgress: number | null
  sortKey?: unknown
  sortValue?: string
}

/** A list row, and the text of what the list is sorted by where the query gave one. */
export interface SortedRow {
  row: VmRow
  sortValue: string
}

function toRow(found: Found): SortedRow {
  const { rowId: _, operationId, operationKind, operationState, operationPhase, operationProgress, ...rest } = found
  const { sortKey: __, sortValue = '', stateSince, createdAt, cpuSeries, ...vm } = rest
  const operation: RowOperation | null =
    operationId === null
      ? null
      : {
          id: operationId,
          kind: operationKind,
          state: operationState,
          phase: operationPhase,
          progress: operationProgress,
        }
  return {
    row: {
      ...vm,
      stateSince: stateSince.toISOString(),
      createdAt: createdAt.toISOString(),
      cpuSeries: cpuSeries ?? [],
      operation,
    },
    sortValue,
  }
}

/**
 * List rows in one query. `page` selects `vmColumns` (and `"sortValue"` as text) of some VMs; what lists show from
 * elsewhere, the newest reading and the operation at work, is added to those alone, in the order of `order`.
 */
export async function readRows(tx: Tx, page: Prisma.Sql, order: Prisma.Sql): Promise<SortedRow[]> {
  const found = await tx.$queryRaw<Found[]>`
    WITH page AS MATERIALIZED (${page})
    SELECT page.*, stat.cpu_usage AS "cpuUsage", stat.memory_used_bytes::float8 AS "memoryUsedBytes",
      stat.cpu_series[greatest(1, cardinality(stat.cpu_series) - 23):]::real[] AS "cpuSeries",
      operation.id::text AS "operationId", operation.kind AS "operationKind", operation.state::text AS "operationState",
      coalesce(operation.phase, operation.step) AS "operationPhase",
      operation.progress_done::float8 / nullif(operation.progress_total, 0) AS "operationProgress"
    FROM page LEFT JOIN vm_stat AS stat ON stat.vm_id = page."rowId"
    LEFT JOIN LATERAL (
      SELECT * FROM (
        SELECT * FROM operation WHERE target_kind = 'vm' AND target_id = page.id AND state IN (${liveStatesSql})
        UNION ALL
        SELECT * FROM operation WHERE page.state = 'creating' AND kind = 'clone-vm' AND state IN (${liveStatesSql})
          AND input ->> 'twinId' = page.id
      ) AS working ORDER BY created_at DESC LIMIT 1) AS operation ON true
    ORDER BY ${order}`
  return found.map(toRow)
}

/** Rows by id, for live updates; ids that are gone or not visible are left out. */
export async function readVmRows(tx: Tx, ids: readonly string[]): Promise<VmRow[]> {
  if (ids.length === 0) return []
  const page = Prisma.sql`SELECT ${vmColumns} FROM vm WHERE vm.id = ANY (${ids}::uuid[])`
  const found = await readRows(tx, page, Prisma.sql`page."rowId"`)
  return found.map(({ row }) => row)
}
