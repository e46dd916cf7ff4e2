import { randomUUID } from 'node:crypto'
import type { Tenant } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import { liveStates } from '#server/schema/operation.ts'
import type { Quota } from '#server/schema/tenant.ts'
import { readTenantShare } from './datastore-page.ts'
import { type Quotas, readUse, readUses } from './quota.ts'

export const quotasOf = (tenant: Tenant): Quotas => ({
  vcpus: tenant.quotaVcpus,
  memoryBytes: tenant.quotaMemoryBytes,
  diskBytes: tenant.quotaDiskBytes,
  vms: tenant.quotaVms,
  snapshots: tenant.quotaSnapshots,
})

/** By name, with what they use of their quotas; only those within the scope. */
export async function listTenants(tx: Tx) {
  const tenants = await tx.tenant.findMany({
    orderBy: [{ name: 'asc' }, { id: 'asc' }],
    include: { _count: { select: { members: true } } },
  })
  const uses = await readUses(
    tx,
    tenants.map((tenant) => tenant.id),
  )
  return tenants.map((tenant) => ({
    id: tenant.id,
    name: tenant.name,
    slug: tenant.slug,
    createdAt: tenant.createdAt,
    use: uses.get(tenant.id),
    memberCount: tenant._count.members,
    quotas: quotasOf(tenant),
  }))
}

export async function describeTenant(tx: Tx, tenant: Tenant) {
  const use = await readUse(tx, tenant.id)
  return {
    id: tenant.id,
    name: tenant.name,
    slug: tenant.slug,
    createdAt: tenant.createdAt,
    use,
    quotas: quotasOf(tenant),
    backups: await readTenantShare(tx, tenant.id),
  }
}

export const slugOf = (name: string) =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '') || 'tenant'

/** @throws conflict when another tenant has the name */
export async function createTenant(tx: Tx, { name, ...quota }: Quota & { name: string }): Promise<Tenant> {
  await refuseTaken(tx, name)
  return tx.tenant.create({ data: { id: randomUUID(), name, slug: slugOf(name), ...quota } })
}

/** The slug stays: it stands in people's saved filters. */
export async function renameTenant(tx: Tx, tenant: Tenant, name: string): Promise<Tenant> {
  if (name !== tenant.name) await refuseTaken(tx, name, tenant.id)
  return tx.tenant.update({ where: { id: tenant.id }, data: { name } })
}

async function refuseTaken(tx: Tx, name: string, except = '') {
  // An owner who renames sees no other tenant: names may come to be alike, slugs never.
  const other = await tx.tenant.findFirst({
    where: { id: { not: except }, OR: [{ slug: slugOf(name) }, { name: { equals: name, mode: 'insensitive' } }] },
  })
  if (other) throw conflict(`There is already a tenant named ${other.name}.`, 'Choose another name.')
}

/** Limits below what is used are allowed: nothing is taken away, but nothing more is given. */
export const setQuota = (tx: Tx, tenantId: string, quota: Quota) =>
  tx.tenant.update({ where: { id: tenantId }, data: quota })

/** Holds the tenant's row until the transaction ends, so that members and VMs don't change meanwhile. */
export const lockTenant = (tx: Tx, tenantId: string) =>
  tx.$queryRaw`SELECT id FROM tenant WHERE id = ${tenantId} FOR UPDATE`

/** @throws conflict while it has VMs or live operations */
export async function deleteTenant(tx: Tx, tenant: Tenant): Promise<void> {
  await lockTenant(tx, tenant.id)
  const vms = await tx.vm.count({ where: { tenantId: tenant.id } })
  if (vms > 0) {
    throw conflict(
      `${tenant.name} still has ${vms} ${vms === 1 ? 'VM' : 'VMs'}.`,
      'Delete them or give them to another tenant.',
    )
  }
  const live = await tx.operation.count({
    where: { tenantId: tenant.id, state: { in: [...liveStates] } },
  })
  if (live > 0) throw conflict(`${tenant.name} has operations running.`, 'Wait until they have ended, or cancel them.')
  const archived = await tx.archivedPoint.count({ where: { tenantId: tenant.id } })
  if (archived > 0) {
    throw conflict(
      `${tenant.name} has ${archived} recovery points in archive stores, which nobody could read without it.`,
      'They go when they expire.',
    )
  }
  await tx.tenant.delete({ where: { id: tenant.id } })
}

/**
 * Lets the transaction see one tenant more than its actor may: for joining a tenant by an invitation that was looked up
 * by its secret id.
 */
export const unsafeWidenScope = (tx: Tx, tenantId: string) =>
  tx.$executeRaw`SELECT set_config('skerry.scope',
    CASE current_setting('skerry.scope') WHEN '*' THEN '*' ELSE current_setting('skerry.scope') || ',' || ${tenantId} END, true)`
