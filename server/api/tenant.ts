import type { Prisma } from '#prisma/generated/client.ts'
import { demand, load } from '#server/auth/load.ts'
import { allowed } from '#server/auth/policy.ts'
import {
  createTenant,
  deleteTenant,
  describeTenant,
  listTenants,
  quotasOf,
  renameTenant,
  setQuota,
} from '#server/core/tenant.ts'
import { type Quota, TenantCreate, TenantOne, TenantRename, TenantSetQuota } from '#server/schema/tenant.ts'
import { change, router, signedIn } from './trpc.ts'

/** BigInts as text: JSON has none. */
const forAudit = (quota: Quota): Prisma.JsonObject =>
  Object.fromEntries(
    Object.entries(quota).map(([name, limit]) => [name, typeof limit === 'bigint' ? String(limit) : (limit ?? null)]),
  )

export const tenantRouter = router({
  list: signedIn.query(({ ctx }) => listTenants(ctx.tx)),

  get: signedIn.input(TenantOne).query(async ({ ctx, input }) => {
    const tenant = await load.tenant(ctx, input.tenantId, 'read')
    const can = (action: 'rename' | 'set-quota' | 'delete') =>
      allowed(ctx.actor, 'tenant', action, { tenantId: tenant.id })
    return {
      ...(await describeTenant(ctx.tx, tenant)),
      can: { rename: can('rename'), setQuota: can('set-quota'), delete: can('delete') },
    }
  }),

  create: change('tenant', 'create')
    .input(TenantCreate)
    .mutation(async ({ ctx, input }) => {
      demand(ctx, 'tenant', 'create')
      const tenant = await createTenant(ctx.tx, input)
      const { name, ...quota } = input
      ctx.trail.resource = { kind: 'tenant', id: tenant.id, name, tenantId: tenant.id }
      ctx.trail.detail = forAudit(quota)
      return { id: tenant.id, name: tenant.name, slug: tenant.slug }
    }),

  rename: change('tenant', 'rename')
    .input(TenantRename)
    .mutation(async ({ ctx, input }) => {
      const tenant = await load.tenant(ctx, input.tenantId, 'rename')
      ctx.trail.detail = { before: tenant.name, after: input.name }
      const renamed = await renameTenant(ctx.tx, tenant, input.name)
      return { id: renamed.id, name: renamed.name }
    }),

  setQuota: change('tenant', 'set-quota')
    .input(TenantSetQuota)
    .mutation(async ({ ctx, input }) => {
      const { tenantId, ...quota } = input
      await load.tenant(ctx, tenantId, 'set-quota')
      ctx.trail.detail = forAudit(quota)
      return quotasOf(await setQuota(ctx.tx, tenantId, quota))
    }),

  delete: change('tenant', 'delete')
    .input(TenantOne)
    .mutation(async ({ ctx, input }) => {
      const tenant = await load.tenant(ctx, input.tenantId, 'delete')
      await deleteTenant(ctx.tx, tenant)
      return { id: tenant.id }
    }),
})
