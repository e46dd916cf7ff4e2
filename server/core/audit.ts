import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import type { AuditFilter } from '#server/schema/audit.ts'

export interface AuditEntry {
  /** The chain it joins; null is the fleet's */
  tenantId: string | null
  actorKind: 'user' | 'api_key' | 'system'
  actorId: string | null
  actorName: string
  /** resource.action, e.g. vm.power */
  action: string
  resourceKind: string
  resourceId: string | null
  resourceName: string | null
  outcome: 'succeeded' | 'denied' | 'failed'
  origin: string | null
  userAgent: string | null
  requestId: string | null
  detail: Prisma.JsonObject
}

const secretName = /password|secret|token|credential|private|^key$|apikey|cookie|authorization|backupcode/i

/** The same value with everything under a secret's name cut out. */
export function withoutSecrets(value: Prisma.JsonValue): Prisma.JsonValue {
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item ?? null))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, secretName.test(name) ? '•••' : withoutSecrets(item ?? null)]),
  )
}

/**
 * Adds entries to their tenants' chains, in the caller's transaction; numbered and hashed by the database. All in one
 * statement, for each chain is locked until the transaction ends, and always in the same order, so that no two wait for
 * each other.
 */
export async function appendAudit(tx: Tx, ...entries: AuditEntry[]): Promise<void> {
  const rows = entries.map((entry) => ({ ...entry, detail: withoutSecrets(entry.detail) }))
  await tx.$executeRaw`
    INSERT INTO audit_entry (tenant_id, actor_kind, actor_id, actor_name, action, resource_kind, resource_id,
      resource_name, outcome, origin, user_agent, request_id, detail)
    SELECT "tenantId", "actorKind", "actorId", "actorName", action, "resourceKind", "resourceId", "resourceName",
      outcome, origin, "userAgent", "requestId", detail
    FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS ("tenantId" text, "actorKind" actor_kind,
      "actorId" text, "actorName" text, action text, "resourceKind" text, "resourceId" text, "resourceName" text,
      outcome text, origin text, "userAgent" text, "requestId" text, detail jsonb)) WITH ORDINALITY
    ORDER BY coalesce("tenantId", 'fleet'), ordinality`
}

/** Operations are about an archival policy where the audit speaks of an archive. */
export const auditedKind = (targetKind: string) => (targetKind === 'archival-policy' ? 'archive' : targetKind)
/** Their ends were once recorded as of the policy. */
const kindsOf = (kind: string) => (kind === 'archive' ? { in: ['archive', 'archival-policy'] } : kind)

/** Newest first, of these tenants' chains. `before` is the id of the last entry of the page before. */
export async function searchAudit(
  tx: Tx,
  tenants: 'all' | readonly string[],
  filter: Omit<AuditFilter, 'tenantId'>,
  page: { limit: number; before?: bigint },
) {
  const { limit, before } = page
  const text = filter.text ? { contains: filter.text, mode: 'insensitive' as const } : undefined
  const where: Prisma.AuditEntryWhereInput = {
    ...(tenants !== 'all' && { tenantId: { in: [...tenants] } }),
    ...(filter.actorId && { actorId: filter.actorId }),
    ...(filter.action && { action: filter.action }),
    ...(filter.resourceKind && { resourceKind: kindsOf(filter.resourceKind) }),
    ...(filter.resourceId && { resourceId: filter.resourceId }),
    ...(filter.outcome && { outcome: filter.outcome }),
    ...((filter.from || filter.to) && {
      at: { ...(filter.from && { gte: filter.from }), ...(filter.to && { lt: filter.to }) },
    }),
    ...(text && {
      OR: [{ actorName: text }, { action: text }, { resourceName: text }, { resourceId: text }, { origin: text }],
    }),
    ...(before !== undefined && { id: { lt: before } }),
  }
  const rows = await tx.auditEntry.findMany({ where, orderBy: { id: 'desc' }, take: limit + 1 })
  const entries = rows.slice(0, limit)
  return { entries, next: rows.length > limit ? (entries.at(-1)?.id ?? null) : null }
}

export interface AuditFault {
  chain: string
  sequence: bigint
  fault: 'removed' | 'altered'
}

/**
 * The first broken link of each chain; empty when all is well. `chains` are tenants' ids or 'fleet', and must be within
 * the transaction's scope: entries it can't see would count as removed.
 */
export function checkAudit(tx: Tx, chains: 'all' | readonly string[]): Promise<AuditFault[]> {
  const only = chains === 'all' ? Prisma.empty : Prisma.sql`WHERE chain = ANY (${[...chains]})`
  return tx.$queryRaw<AuditFault[]>`SELECT chain, sequence, fault FROM audit_check() ${only} ORDER BY chain`
}
