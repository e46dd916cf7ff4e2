import type { Prisma } from '#prisma/generated/client.ts'
import { type AuditEntry, appendAudit } from '#server/core/audit.ts'
import type { Tx } from '#server/db.ts'
import type { Actor } from './actor.ts'

/** What a mutation leaves for its one audit entry. `load` fills in the resource; a procedure may add detail. */
export interface Trail {
  action: string
  resourceKind: string
  resource?: { kind: string; id: string; name: string; tenantId: string | null }
  /** Facts worth keeping for years; secrets are cut out, but don't put them here */
  detail: Prisma.JsonObject
  /** A check of the policy was passed; a mutation that ends without one is refused */
  authorised: boolean
  /** The person a public mutation turned out to act for */
  actor?: Pick<Actor, 'kind' | 'id' | 'name'>
}

/** Where a request came from. */
export interface Origin {
  requestId: string
  address: string | null
  userAgent: string | null
}

/** Writes the trail's entry. Without any actor there is nobody to name and nothing was done: no entry. */
export async function audit(
  tx: Tx,
  trail: Trail,
  actor: Pick<Actor, 'kind' | 'id' | 'name'> | null,
  origin: Origin,
  outcome: AuditEntry['outcome'],
): Promise<void> {
  const who = trail.actor ?? actor
  if (!who) return
  await appendAudit(tx, {
    tenantId: trail.resource?.tenantId ?? null,
    actorKind: who.kind,
    actorId: who.id,
    actorName: who.name,
    action: trail.action,
    resourceKind: trail.resource?.kind ?? trail.resourceKind,
    resourceId: trail.resource?.id ?? null,
    resourceName: trail.resource?.name ?? null,
    outcome,
    origin: origin.address,
    userAgent: origin.userAgent,
    requestId: origin.requestId,
    detail: trail.detail,
  })
}
