import { forbidden } from '#server/errors.ts'
import type { Asking } from './load.ts'
import { demand } from './load.ts'
import { type ActionOf, allowed } from './policy.ts'

/**
 * The tenants whose audit the actor may use so: the one asked for, or else every one they may; 'all' also holds the
 * fleet's own chain. @throws forbidden when there is none
 */
export function auditTenants(
  ctx: Omit<Asking, 'tx'>,
  action: ActionOf<'audit'>,
  tenantId?: string,
): 'all' | readonly string[] {
  if (tenantId !== undefined) {
    demand(ctx, 'audit', action, { tenantId })
    return [tenantId]
  }
  if (ctx.actor.operator) return 'all'
  const tenants = ctx.actor.memberships.filter((m) => allowed(ctx.actor, 'audit', action, m) === true)
  if (tenants.length === 0) throw forbidden('The audit is for a tenant’s admins and for operators.')
  return tenants.map((membership) => membership.tenantId)
}
