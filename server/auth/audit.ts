import type { Prisma } from '#prisma/generated/client.ts'
import { type AuditEntry, appendAudit } from '#server/core/audit.ts'
import type { Tx } from '#server/db.ts'
import type { SkerryError } from '#server/errors.ts'
import type { Actor } from './actor.ts'

/** What a mutation leaves for its one audit entry. `load` fills in the resource; a procedure may add detail. */
export interface Trail {
  action: string
  resourceKind: string
  resource?: { kind: string; id: string; name: string; tenantId: string | null }
  /** Facts worth keeping for years; secrets are cut out, but don't put them here */
  detail: Prisma.JsonObject
  /** Of a change of many: an entry for each on which it was done or refused, beside the one of the whole */
  each?: TrailPart[]
  /** Facts of the whole alone, such as which they are */
  ofAll?: Prisma.JsonObject
  /** A check of the policy was passed; a mutation that ends without one is refused */
  authorised: boolean
  /** The person a public mutation turned out to act for */
  actor?: Pick<Actor, 'kind' | 'id' | 'name'>
}

export interface TrailPart {
  /** Without a name where there is none that the actor sees */
  resource: { kind: string; id: string; name: string | null; tenantId: string | null }
  /** Why it was not done; absent when it was */
  error?: SkerryError
}

/** Where a request came from. */
export interface Origin {
  requestId: string
  address: string | null
  userAgent: string | null
}

/**
 * Of a change that was made, or that failed for this error. What was asked of many and was done to each of them by itself
 * has an entry for each; so has what was refused, and then it is not told again of the whole.
 */
export async function auditChange(
  tx: Tx,
  trail: Trail,
  actor: Pick<Actor, 'kind' | 'id' | 'name'> | null,
  origin: Origin,
  error?: SkerryError,
): Promise<void> {
  const { each = [], ofAll, ...shared } = trail
  // What was done is undone by the failure of the whole.
  const parts = error ? each.filter((part) => part.error) : each
  const isTold = error ? parts.some((part) => part.error === error) : parts.some((part) => !part.error)
  const whole = { ...trail, detail: { ...trail.detail, ...ofAll }, error }
  const entries = [...(isTold ? [] : [whole]), ...parts.map((part) => ({ ...shared, ...part }))]
  const who = trail.actor ?? actor
  if (!who) return
  const written = entries.map(({ error: why, detail, ...entry }) => {
    const reason = why && { error: { code: why.code, message: why.message } }
    return entryOf({ ...entry, detail: { ...detail, ...reason } }, who, origin, why ? outcomeOf(why) : 'succeeded')
  })
  await appendAudit(tx, ...written)
}

const outcomeOf = ({ code }: SkerryError) => (code === 'forbidden' || code === 'unauthenticated' ? 'denied' : 'failed')

/** Writes the trail's entry. Without any actor there is nobody to name and nothing was done: no entry. */
export async function audit(
  tx: Tx,
  trail: Trail,
  actor: Pick<Actor, 'kind' | 'id' | 'name'> | null,
  origin: Origin,
  outcome: AuditEntry['outcome'],
): Promise<void> {
  const who = trail.actor ?? actor
  if (who) await appendAudit(tx, entryOf(trail, who, origin, outcome))
}

function entryOf(
  trail: Omit<Trail, 'resource'> & { resource?: TrailPart['resource'] },
  who: Pick<Actor, 'kind' | 'id' | 'name'>,
  origin: Origin,
  outcome: AuditEntry['outcome'],
): AuditEntry {
  return {
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
  }
}
