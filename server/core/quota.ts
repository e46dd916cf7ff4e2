import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import type { ResourceAmounts } from '#server/schema/tenant.ts'

export interface Quotas {
  vcpus: number | null
  memoryBytes: bigint | null
  diskBytes: bigint | null
  vms: number | null
  snapshots: number | null
}

/**
 * What the tenant has: its VMs, and what live operations of it will add. A migration reserves room at a host but adds
 * nothing to the tenant; a VM being made counts by its row as soon as there is one.
 */
export async function readUse(tx: Tx, tenantId: string): Promise<ResourceAmounts> {
  const [use] = await tx.$queryRaw<ResourceAmounts[]>`
    WITH has AS (
      SELECT count(*) AS vms, coalesce(sum(vcpu_count), 0) AS vcpus, coalesce(sum(memory_bytes), 0) AS memory,
        coalesce(sum(disk_bytes), 0) AS disk, coalesce(sum(snapshot_count), 0) AS snapshots
      FROM vm WHERE tenant_id = ${tenantId}
    ), adds AS (
      SELECT count(*) FILTER (WHERE kind <> 'edit-vm') AS vms, coalesce(sum(reserved_vcpus), 0) AS vcpus,
        coalesce(sum(reserved_memory_bytes), 0) AS memory, coalesce(sum(reserved_disk_bytes), 0) AS disk
      FROM operation
      WHERE tenant_id = ${tenantId} AND state IN ('queued', 'running', 'cancelling')
        AND (kind = 'edit-vm' OR kind IN ('create-vm', 'clone-vm')
          AND NOT EXISTS (SELECT 1 FROM vm WHERE vm.id::text = operation.target_id))
    )
    SELECT (has.vms + adds.vms)::int AS vms, (has.vcpus + adds.vcpus)::int AS vcpus,
      (has.memory + adds.memory)::bigint AS "memoryBytes", (has.disk + adds.disk)::bigint AS "diskBytes",
      has.snapshots::int AS snapshots
    FROM has, adds`
  return use ?? { vcpus: 0, memoryBytes: 0n, diskBytes: 0n, vms: 0, snapshots: 0 }
}

const gib = (bytes: bigint | number) => `${Math.round((Number(bytes) / 2 ** 30) * 10) / 10} GiB`
const plain = (count: bigint | number) => String(count)

const kinds: { key: keyof ResourceAmounts; word: string; show: (amount: bigint | number) => string }[] = [
  { key: 'vms', word: 'VMs', show: plain },
  { key: 'vcpus', word: 'vCPUs', show: plain },
  { key: 'memoryBytes', word: 'memory', show: gib },
  { key: 'diskBytes', word: 'disk', show: gib },
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
