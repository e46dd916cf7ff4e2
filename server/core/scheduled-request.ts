import type { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { asSkerryError, type ErrorCode } from '#server/errors.ts'
import { appendAudit } from './audit.ts'
import { enqueue, type NewOperation } from './operation.ts'

/** Who asks when nobody does: a schedule or a policy, and what it asks for as the audit trail names it. */
export interface ScheduledAsker {
  id: string
  name: string
  /** resource.action, e.g. vm.snapshot */
  action: string
  detail: Prisma.JsonObject
}

/** Told what went wrong inside, which nobody else is: those who wait for a schedule read the audit trail. */
export type Fault = (error: unknown, asker: ScheduledAsker) => void

export type ScheduledAnswer = { operationId: string } | { refusal: string; code: ErrorCode }

/**
 * Asks for an operation on behalf of a schedule, in the caller's transaction, and leaves the same audit entry as a
 * person's asking would: also of what was refused or went wrong. Of that nothing else stays in the transaction, and the
 * caller goes on to when it asks again, so that one broken row never holds back those due after it.
 * @throws when the database can't go on with the transaction
 */
export async function askByItself(
  { tx, fault }: { tx: Tx; fault: Fault },
  asker: ScheduledAsker,
  target: { id: string; name: string; tenantId: string | null; kind?: string },
  wanted: () => NewOperation | Promise<NewOperation>,
): Promise<ScheduledAnswer> {
  const actor = { kind: 'system' as const, id: asker.id, name: asker.name }
  const entry = {
    ...{ tenantId: target.tenantId, actorKind: actor.kind, actorId: actor.id, actorName: actor.name },
    ...{ action: asker.action, resourceKind: target.kind ?? 'vm', resourceId: target.id, resourceName: target.name },
    ...{ origin: null, userAgent: null, requestId: null },
  }
  await tx.$executeRaw`SAVEPOINT asked`
  try {
    const operation = await enqueue({ tx, actor, requestId: null }, await wanted())
    await appendAudit(tx, { ...entry, outcome: 'succeeded', detail: asker.detail })
    await tx.$executeRaw`RELEASE SAVEPOINT asked`
    return { operationId: operation.id }
  } catch (error) {
    await tx.$executeRaw`ROLLBACK TO SAVEPOINT asked`
    const { code, message } = asSkerryError(error)
    if (code === 'internal') fault(error, asker)
    const outcome = code === 'internal' ? 'failed' : 'denied'
    await appendAudit(tx, { ...entry, outcome, detail: { ...asker.detail, reason: message } })
    return { refusal: message, code }
  }
}
