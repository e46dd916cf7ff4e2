import { planArchival } from '#server/core/archival-plan.ts'
import { rulesOf, situationUnder } from '#server/core/archival-policy.ts'
import { demandWithinLimits } from '#server/core/archive-limit.ts'
import { grantOf } from '#server/core/archive-store.ts'
import { type ArchiveMemory, type ArchiveContext as Context, mostAtOnce, policyOf, tenantOf } from './context.ts'

/** What is sent and what leaves, once: run again it is the same. */
export async function plan(context: Context): Promise<Partial<ArchiveMemory>> {
  const policy = await policyOf(context)
  if (!policy) return { send: [], release: [] }
  const { db } = context
  const tenantId = tenantOf(context)
  const rules = rulesOf(policy)
  // The provider may have changed its mind since the policy was written.
  const grant = await grantOf(db, rules.archiveStoreId, tenantId)
  demandWithinLimits(rules, grant, grant.archiveStore)
  const { send, release } = planArchival(rules, await situationUnder(db, tenantId, rules), new Date())
  return { send: send.slice(0, mostAtOnce), release: release.slice(0, mostAtOnce * 4) }
}
