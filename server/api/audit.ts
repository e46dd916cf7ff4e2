import { z } from 'zod'
import { auditTenants } from '#server/auth/audit-scope.ts'
import { checkAudit, searchAudit } from '#server/core/audit.ts'
import { AuditPage, auditOutcomes } from '#server/schema/audit.ts'
import { TenantId } from '#server/schema/tenant.ts'
import { costly, router, signedIn } from './trpc.ts'

const Outcome = z.enum(auditOutcomes)

export const auditRouter = router({
  list: signedIn.input(AuditPage).query(async ({ ctx, input }) => {
    const { tenantId, limit, cursor, ...filter } = input
    const tenants = auditTenants(ctx, 'read', tenantId)
    const page = { limit, ...(cursor ? { before: BigInt(cursor) } : {}) }
    const { entries, next } = await searchAudit(ctx.tx, tenants, filter, page)
    return {
      entries: entries.map(({ id, sequence, outcome, ...entry }) => ({
        ...entry,
        id: String(id),
        sequence: Number(sequence),
        outcome: Outcome.parse(outcome),
      })),
      next: next === null ? null : String(next),
    }
  }),

  /** Walks the chains; empty `faults` mean that no entry was altered or removed. */
  check: signedIn
    .use(costly(5, 5))
    .input(z.object({ tenantId: TenantId.optional() }))
    .query(async ({ ctx, input }) => {
      const tenants = auditTenants(ctx, 'check', input.tenantId)
      const faults = await checkAudit(ctx.tx, tenants)
      return { faults: faults.map((fault) => ({ ...fault, sequence: Number(fault.sequence) })) }
    }),
})
