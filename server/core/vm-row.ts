import { keptPlan, type Tx } from '#server/db.ts'
import type { RowOperation, VmRow, VmState } from '#server/schema/vm.ts'
import { liveStatesSql } from './live-state.ts'

type Found = Omit<VmRow, 'stateSince' | 'createdAt' | 'cpuSeries' | 'operation'> & {
  state: VmState
  stateSince: Date
  createdAt: Date
  cpuSeries: number[] | null
  operationId: string | null
  operationKind: string
  operationState: RowOperation['state']
  operationPhase: string | null
  operationProgress: number | null
}

function toRow(found: Found): VmRow {
  const { operationId, operationKind, operationState, operationPhase, operationProgress, ...rest } = found
  const { stateSince, createdAt, cpuSeries, ...vm } = rest
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
    ...vm,
    stateSince: stateSince.toISOString(),
    createdAt: createdAt.toISOString(),
    cpuSeries: cpuSeries ?? [],
    operation,
  }
}

/**
 * List rows by id, in the order of the ids; what is gone or not visible is left out. With what lists show from elsewhere:
 * the newest reading and the operation at work. Always the same statement, so that its plan is kept: making one takes
 * longer than reading the rows.
 */
export async function readVmRows(tx: Tx, ids: readonly string[]): Promise<VmRow[]> {
  if (ids.length === 0) return []
  const found = await tx.$queryRaw<Found[]>`${keptPlan('vm-rows')}
    SELECT vm.id::text AS id, vm.uuid::text AS uuid, vm.name, vm.state, vm.state_reason AS "stateReason",
      vm.state_since AS "stateSince", vm.tenant_id AS "tenantId", vm.site_id::text AS "siteId",
      vm.host_id::text AS "hostId", vm.vcpu_count AS "vcpuCount", vm.memory_bytes::float8 AS "memoryBytes",
      vm.disk_bytes::float8 AS "diskBytes", vm.addresses, vm.tags, vm.protected,
      vm.agent_connected AS "agentConnected", vm.created_at AS "createdAt",
      stat.cpu_usage AS "cpuUsage", stat.memory_used_bytes::float8 AS "memoryUsedBytes",
      stat.cpu_series[greatest(1, cardinality(stat.cpu_series) - 23):]::real[] AS "cpuSeries",
      operation.id::text AS "operationId", operation.kind AS "operationKind", operation.state::text AS "operationState",
      coalesce(operation.phase, operation.step) AS "operationPhase",
      operation.progress_done::float8 / nullif(operation.progress_total, 0) AS "operationProgress"
    FROM vm LEFT JOIN vm_stat AS stat ON stat.vm_id = vm.id
    LEFT JOIN LATERAL (
      SELECT * FROM (
        SELECT * FROM operation
        WHERE target_kind = 'vm' AND target_id = vm.id::text AND state IN (${liveStatesSql})
        UNION ALL
        SELECT * FROM operation WHERE vm.state = 'creating' AND kind = 'clone-vm' AND state IN (${liveStatesSql})
          AND input ->> 'twinId' = vm.id::text
      ) AS working ORDER BY created_at DESC LIMIT 1) AS operation ON true
    WHERE vm.id = ANY (${ids}::uuid[])`
  const rows = new Map(found.map((each) => [each.id, toRow(each)]))
  return ids.flatMap((id) => rows.get(id) ?? [])
}
