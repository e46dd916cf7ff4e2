import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import type { ResourceAmounts } from '#server/schema/tenant.ts'
import { liveStatesSql } from './live-state.ts'
import { sizeText } from './size-text.ts'

export interface Quotas {
  vcpus: number | null
  memoryBytes: bigint | null
  diskBytes: bigint | null
  vms: number | null
  snapshots: number | null
}

/**
 * What each of these tenants has: its VMs, and what live operations of it will add. A migration reserves room at a host
 * but adds nothing to the tenant; a VM being made counts by its row as soon as there is one.
 */
export async function readUses(tx: Tx, tenantIds: readonly string[]): Promise<Map<string, ResourceAmounts>> {
  const rows = await tx.$queryRaw<(ResourceAmounts & { tenantId: string })[]>`
    WITH has AS (
      SELECT tenant_id, count(*) AS vms, sum(vcpu_count) AS vcpus, sum(memory_bytes) AS memory, sum(disk_bytes) AS disk,
        sum(snapshot_count) AS snapshots
      FROM vm WHERE tenant_id = ANY (${[...tenantIds]}) GROUP BY tenant_id
    ), adds AS (
      SELECT tenant_id, count(*) FILTER (WHERE kind = 'create-vm') AS vms, sum(reserved_vcpus) AS vcpus,
        sum(reserved_memory_bytes) AS memory, sum(reserved_disk_bytes) AS disk
      FROM operation
      WHERE tenant_id = ANY (${[...tenantIds]}) AND state IN (${liveStatesSql})
        AND (kind IN ('edit-vm', 'edit-vm-xml') OR kind = 'create-vm'
          AND NOT EXISTS (SELECT 1 FROM vm WHERE vm.id::text = operation.target_id))
      GROUP BY tenant_id
    ), shots AS (
      SELECT tenant_id, count(*) AS count FROM operation
      WHERE tenant_id = ANY (${[...tenantIds]}) AND state IN (${liveStatesSql})
        AND (kind = 'take-snapshot' OR kind = 'revert-snapshot' AND input ->> 'keepAs' IS NOT NULL)
      GROUP BY tenant_id
    )
    SELECT asked.id AS "tenantId", (coalesce(has.vms, 0) + coalesce(adds.vms, 0))::int AS vms,
      (coalesce(has.vcpus, 0) + coalesce(adds.vcpus, 0))::int AS vcpus,
      (coalesce(has.memory, 0) + coalesce(adds.memory, 0))::bigint AS "memoryBytes",
      (coalesce(has.disk, 0) + coalesce(adds.disk, 0))::bigint AS "diskBytes", (coalesce(has.snapshots, 0) + coalesce(shots.count, 0))::int AS snapshots
    FROM unnest(${[...tenantIds]}::text[]) AS asked (id)
    LEFT JOIN has ON has.tenant_id = asked.id LEFT JOIN adds ON adds.tenant_id = asked.id
    LEFT JOIN shots ON shots.tenant_id = asked.id`
  return new Map(rows.map(({ tenantId, ...use }) => [tenantId, use]))
}

export async function readUse(tx: Tx, tenantId: string): Promise<ResourceAmounts> {
  const nothing: ResourceAmounts = { vcpus: 0, memoryBytes: 0n, diskBytes: 0n, vms: 0, snapshots: 0 }
  return (await readUses(tx, [tenantId])).get(tenantId) ?? nothing
}

const plain = (count: bigint | number) => String(count)

const kinds: { key: keyof ResourceAmounts; word: string; show: (amount: bigint | number) => string }[] = [
  { key: 'vms', word: 'VMs', show: plain },
  { key: 'vcpus', word: 'vCPUs', show: plain },
  { key: 'memoryBytes', word: 'memory', show: sizeText },
  { key: 'diskBytes', word: 'disk', show: sizeText },
  { key: 'snapshots', word: 'snapshots', show: plain },
]

/**
 * Lets the caller's transaction take `need` more: holds the tenant's row until it ends, so two can't take the same
 * room. What is taken must be written in the same transaction, as VM rows or as an operation's reservation.
 * Nothing is limited for VMs without a tenant.
 * @throws conflict naming the quota, what is used, asked and allowed
 */
export async function reserve(tx: Tx, tenantId: string | null, need: Partial<ResourceAmounts>): Promise<void> {
  if (tenantId === null) return
  const [tenant] = await tx.$queryRaw<(Quotas & { name: string })[]>`
    SELECT name, quota_vcpus AS vcpus, quota_memory_bytes AS "memoryBytes", quota_disk_bytes AS "diskBytes",
      quota_vms AS vms, quota_snapshots AS snapshots
    FROM tenant WHERE id = ${tenantId} FOR UPDATE`
  if (!tenant) throw conflict(`The tenant ${tenantId} is gone.`, 'Choose another tenant.')
  const use = await readUse(tx, tenantId)
  for (const { key, word, show } of kinds) {
    const asked = need[key] ?? 0
    const limit = tenant[key]
    if (limit === null || BigInt(asked) <= 0n || BigInt(use[key]) + BigInt(asked) <= BigInt(limit)) continue
    throw conflict(
      `${tenant.name} has a quota of ${show(limit)} ${word}: ${show(use[key])} used, ${show(asked)} more asked for.`,
      `Free some of it, ask for less, or have an operator raise the quota of ${tenant.name}.`,
    )
  }
}
