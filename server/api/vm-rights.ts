import type { Actor } from '#server/auth/actor.ts'
import { allowed } from '#server/auth/policy.ts'
import type { Answer } from '#server/schema/vm-rule.ts'

/** What somebody may do with the VMs of each of their tenants, and whether they may create any, or why not. */
export function vmRights(actor: Actor) {
  return {
    create: mayCreate(actor),
    tenants: actor.memberships.map((tenant) => ({
      tenantId: tenant.tenantId,
      power: allowed(actor, 'vm', 'power', tenant),
      snapshot: allowed(actor, 'vm', 'snapshot', tenant),
      tag: allowed(actor, 'vm', 'tag', tenant),
    })),
  }
}

function mayCreate(actor: Actor): Answer {
  const answers = actor.memberships.map((tenant) => allowed(actor, 'vm', 'create', tenant))
  return answers.includes(true) || allowed(actor, 'vm', 'create')
}
