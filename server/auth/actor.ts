import type { Scope } from '#server/db.ts'
import type { TenantRole } from '#server/schema/tenant.ts'
import type { Grants } from './policy.ts'

export interface Membership {
  tenantId: string
  tenantName: string
  role: TenantRole
}

/** Who is asking. `id` is the user's or the API key's; `userId` is the person behind either, null for the system. */
export interface Actor extends Grants {
  kind: 'user' | 'api_key' | 'system'
  id: string
  userId: string | null
  name: string
  operator: boolean
  memberships: readonly Membership[]
  /** May look but not change: an API key made so */
  readOnly: boolean
  sessionId?: string
  activeTenantId?: string
}

/** What row-level security lets the actor see; nobody sees no tenant's row. */
export function scopeOf(actor: Actor | null): Scope {
  if (actor?.operator) return 'fleet'
  return { tenantIds: actor?.memberships.map((membership) => membership.tenantId) ?? [] }
}

/** Skerry itself: the worker's own changes. */
export const systemActor: Actor = {
  kind: 'system',
  id: 'system',
  userId: null,
  name: 'Skerry',
  operator: true,
  memberships: [],
  readOnly: false,
}

/** How an API key may be narrowed; stored in its metadata. */
export interface KeyLimits {
  tenantId?: string
  readOnly?: boolean
}

/**
 * The actor an API key makes of its person. A key narrowed to a tenant has the person's role there (an operator's key
 * the owner's) and nothing of the fleet; it loses what the person loses.
 */
export function narrowed(
  person: Actor,
  key: { id: string; name: string; limits: KeyLimits },
  tenantName?: string,
): Actor {
  const { tenantId, readOnly = false } = key.limits
  const actor: Actor = {
    kind: 'api_key',
    id: key.id,
    userId: person.userId,
    name: `${key.name} (${person.name})`,
    operator: person.operator && !tenantId,
    memberships: person.memberships,
    readOnly,
  }
  if (!tenantId) return actor
  const membership = person.memberships.find((m) => m.tenantId === tenantId)
  const asOperator: Membership[] =
    person.operator && tenantName !== undefined ? [{ tenantId, tenantName, role: 'owner' }] : []
  return { ...actor, memberships: person.operator ? asOperator : membership ? [membership] : [] }
}
