import type { Tx } from '#server/db.ts'

/** A VM that can be restored, whether it is still there or not. */
export interface RestorableVm {
  vmUuid: string
  name: string
  /** Null when it is gone, or is another tenant's now */
  vmId: string | null
  tenantId: string | null
  /** In datastores */
  recoveryPoints: number
  /** In archive stores, where some of the former may be too */
  archived: number
  newestAt: Date
  oldestAt: Date
  storedBytes: number
}

/** Every VM with recovery points, here or in archives, that the transaction's scope may see, gone ones first. */
export async function listRestorableVms(tx: Tx): Promise<RestorableVm[]> {
  const rows = await tx.$queryRaw<(Omit<RestorableVm, 'storedBytes'> & { storedBytes: bigint })[]>`
    WITH point AS (
      SELECT vm_uuid, vm_name, vm_id, tenant_id, taken_at, stored_bytes, false AS is_archived FROM recovery_point
      UNION ALL
      SELECT vm_uuid, vm_name, vm_id, tenant_id, taken_at, stored_bytes, true FROM archived_point
    )
    SELECT vm_uuid::text AS "vmUuid", (array_agg(vm_name ORDER BY taken_at DESC))[1] AS name,
      max(vm.id::text) AS "vmId", point.tenant_id AS "tenantId",
      count(*) FILTER (WHERE NOT is_archived)::int AS "recoveryPoints", count(*) FILTER (WHERE is_archived)::int AS archived,
      max(taken_at) AS "newestAt", min(taken_at) AS "oldestAt", sum(stored_bytes)::bigint AS "storedBytes"
    FROM point LEFT JOIN vm ON vm.id = point.vm_id
    GROUP BY vm_uuid, point.tenant_id ORDER BY 3 IS NULL DESC, 2 LIMIT 1000`
  return rows.map((row) => ({ ...row, storedBytes: Number(row.storedBytes) }))
}
