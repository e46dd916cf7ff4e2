import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import { liveStates } from '#server/schema/operation.ts'
import type { ResourceAmounts } from '#server/schema/tenant.ts'
import type { VmEventList } from '#server/schema/vm.ts'

const pointOfClone = { id: true, takenAt: true, vmId: true, vmUuid: true, vmName: true } as const

/** All of one VM that the database knows, but its XML. */
export async function readVm(tx: Tx, id: string) {
  const vm = await tx.vm.findUniqueOrThrow({
    where: { id },
    omit: { xml: true, nextXml: true },
    include: {
      disks: { orderBy: { target: 'asc' } },
      interfaces: { orderBy: { mac: 'asc' } },
      stat: true,
      standsOn: { select: { ...pointOfClone, datastore: { select: { name: true } } } },
      standsOnArchived: { select: { ...pointOfClone, archiveStore: { select: { name: true } } } },
      tenant: { select: { id: true, name: true, slug: true } },
      host: {
        select: {
          id: true,
          name: true,
          state: true,
          stateReason: true,
          simulated: true,
          draining: true,
          accelerator: true,
        },
      },
    },
  })
  const site = await tx.site.findUniqueOrThrow({
    where: { id: vm.siteId },
    select: { id: true, name: true, slug: true, kind: true, place: true },
  })
  return { ...vm, site }
}

/** One page of what happened to a VM, the newest first. */
export async function listVmEvents(tx: Tx, { id: vmId, cursor, limit }: VmEventList) {
  const older = cursor && { OR: [{ at: { lt: cursor.at } }, { at: cursor.at, id: { lt: cursor.id } }] }
  const rows = await tx.vmEvent.findMany({
    where: { vmId, ...older },
    orderBy: [{ at: 'desc' }, { id: 'desc' }],
    take: limit + 1,
  })
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last ? { at: last.at, id: last.id } : null }
}

/** Adds and removes tags of many VMs in one statement; keeps each list sorted and without doubles. */
export const setTags = (tx: Tx, ids: readonly string[], add: readonly string[], remove: readonly string[]) =>
  tx.$executeRaw`
    UPDATE vm SET tags = ARRAY(
      SELECT DISTINCT tag FROM unnest(vm.tags || ${add}::text[]) AS tag WHERE NOT (tag = ANY (${remove}::text[])) ORDER BY tag)
    WHERE id = ANY (${ids}::uuid[])`

export const setProtected = (tx: Tx, id: string, isProtected: boolean) =>
  tx.vm.update({ where: { id }, data: { protected: isProtected }, select: { id: true } })

/**
 * Gives VMs to a tenant, or takes them back with null. Operations of the past stay with the tenant that asked for them.
 * @throws conflict while an operation works on one of them or it is still being made, or shares blocks with a recovery point
 */
export async function assignVms(tx: Tx, ids: readonly string[], tenantId: string | null) {
  const busy = await tx.operation.findFirst({
    where: { targetKind: 'vm', targetId: { in: [...ids] }, state: { in: [...liveStates] } },
    select: { targetName: true },
  })
  const half = await tx.vm.findFirst({ where: { id: { in: [...ids] }, state: 'creating' }, select: { name: true } })
  const clone = await tx.vm.findFirst({
    where: { id: { in: [...ids] }, standsOnId: { not: null } },
    select: { name: true },
  })
  if (clone) {
    throw conflict(
      `${clone.name} shares blocks with a recovery point of its tenant.`,
      'Keep it on its own first; then it can change tenants.',
    )
  }
  if (busy || half) {
    const why = busy ? `An operation works on ${busy.targetName}` : `${half?.name} is still being created`
    throw conflict(`${why}: it can’t change tenants now.`, 'Wait until that has ended, or cancel it.')
  }
  await tx.vm.updateMany({ where: { id: { in: [...ids] } }, data: { tenantId } })
}

/** What assigning these VMs adds to the tenant's use. Sizes in bytes. */
export async function sizeOfVms(tx: Tx, ids: readonly string[], exceptTenantId: string | null) {
  const [size] = await tx.$queryRaw<ResourceAmounts[]>`
    SELECT count(*)::int AS vms, coalesce(sum(vcpu_count), 0)::int AS vcpus,
      coalesce(sum(memory_bytes), 0)::bigint AS "memoryBytes", coalesce(sum(disk_bytes), 0)::bigint AS "diskBytes",
      coalesce(sum(snapshot_count), 0)::int AS snapshots
    FROM vm WHERE id = ANY (${ids}::uuid[]) AND ${exceptTenantId === null ? Prisma.sql`true` : Prisma.sql`tenant_id IS DISTINCT FROM ${exceptTenantId}`}`
  return size ?? { vms: 0, vcpus: 0, memoryBytes: 0n, diskBytes: 0n, snapshots: 0 }
}
