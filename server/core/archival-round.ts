import type { Tx } from '#server/db.ts'
import { planArchival } from './archival-plan.ts'
import { archivalOf, isAtWork, nextLook, rulesOf, situationUnder } from './archival-policy.ts'
import { askByItself, type Fault } from './scheduled-request.ts'

const retryAfterMs = 3_600_000

/** Looks at one archival policy that is due, and asks for its run where there is something to do. */
export async function askForArchival(tx: Tx, now: Date, fault: Fault): Promise<boolean> {
  // Each worker takes another one.
  const [due] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM archival_policy WHERE enabled AND next_at <= ${now}
    ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED`
  if (!due) return false
  const policy = await tx.archivalPolicy.findUniqueOrThrow({ where: { id: due.id } })
  const rules = rulesOf(policy)
  const { tenantId } = policy
  const plan = planArchival(rules, await situationUnder(tx, tenantId, rules), now)
  const nextAt = nextLook(rules, now)
  const isIdle = plan.send.length + plan.release.length === 0 || (await isAtWork(tx, policy.id))
  if (isIdle) {
    await tx.archivalPolicy.update({ where: { id: policy.id }, data: { nextAt } })
    return true
  }
  const asker = {
    ...{ id: `archival-policy ${policy.id}`, name: `Archival policy ${policy.name}`, action: 'archive.run' },
    detail: { send: plan.send.length, release: plan.release.length },
  }
  const target = { id: policy.id, name: policy.name, tenantId, kind: 'archive' }
  const answer = await askByItself({ tx, fault }, asker, target, () => archivalOf(policy))
  const asked =
    'refusal' in answer ? { lastRefusal: answer.refusal } : { lastOperationId: answer.operationId, lastRefusal: null }
  await tx.archivalPolicy.update({ where: { id: policy.id }, data: { nextAt, ...asked } })
  return true
}

/** Asks for the removal of what a tenant has kept in an archive store for as long as it was to be kept. */
export async function askForExpiry(tx: Tx, now: Date, fault: Fault): Promise<boolean> {
  const since = new Date(now.getTime() - retryAfterMs)
  const [due] = await tx.$queryRaw<{ storeId: string; name: string; tenantId: string }[]>`
    SELECT store.id::text AS "storeId", store.name, point.tenant_id AS "tenantId"
    FROM archived_point AS point JOIN archive_store AS store ON store.id = point.archive_store_id
    WHERE point.expires_at <= ${now} AND (point.locked_until IS NULL OR point.locked_until <= ${now})
      AND NOT EXISTS (SELECT FROM vm WHERE vm.stands_on_id = point.id AND vm.stands_on_archive_store_id = store.id)
      AND NOT EXISTS (SELECT FROM operation WHERE kind = 'archive-recovery-points' AND tenant_id = point.tenant_id
        AND input ->> 'archiveStoreId' = store.id::text
        AND (state IN ('queued', 'running', 'cancelling') OR (input ->> 'policyId' IS NULL AND created_at > ${since})))
    LIMIT 1`
  if (!due) return false
  const asker = {
    ...{ id: 'archive expiry', name: 'Expiry of archives', action: 'archive.expire' },
    detail: { archiveStore: due.name },
  }
  const target = { id: due.storeId, name: due.name, tenantId: due.tenantId, kind: 'archive-store' }
  await askByItself({ tx, fault }, asker, target, () => ({
    kind: 'archive-recovery-points',
    target: { kind: 'archive-store', id: due.storeId, name: due.name },
    tenantId: due.tenantId,
    exclusive: false,
    input: { policyId: null, archiveStoreId: due.storeId },
  }))
  return true
}
