/**
 * Gives back the space of what no recovery point names any more: hidden recovery points go, packs that are mostly dead
 * are emptied into new ones, for one tenant after the other. Backups and restores go on meanwhile, and what they may
 * count on waits for the next time. It may be broken off anywhere: the next run goes on.
 */

import { z } from 'zod'
import { SkerryError } from '#server/errors.ts'
import { CompactResult } from '#server/schema/datastore-state.ts'
import { tenantsIn } from './datastore-tenant.ts'
import { defineWorkflow, type StepContext } from './define.ts'

const Nothing = z.object({})
type Memory = Omit<CompactResult, 'endedAt'>
type Context = StepContext<object, Memory>

export const compactDatastore = defineWorkflow<object, Memory>({
  kind: 'compact-datastore',
  input: Nothing,
  result: (memory) => memory,
  steps: [
    { name: 'collect', do: collect },
    {
      name: 'record',
      do: async ({ db, operation, memory }) => {
        const compactResult = CompactResult.parse({ ...memory, endedAt: new Date().toISOString() })
        // Who has just won space wants to see it, not what was dead before.
        const data = { compactResult, measureAskedAt: new Date(), measureNow: true }
        await db.datastore.updateMany({ where: { id: operation.targetId }, data })
        return undefined
      },
    },
  ],
})

async function collect({ db, repositories, operation, progress, signal }: Context): Promise<Memory> {
  const use = { db, repositories, datastoreId: operation.targetId }
  const sum: Memory = { freedBytes: 0, deletedPacks: 0, removedRecoveryPoints: 0, waiting: 0 }
  const failures: unknown[] = []
  const tenants = await tenantsIn(use)
  for (const [done, tenantId] of tenants.entries()) {
    progress({ phase: 'looking at packs', done, total: tenants.length, unit: 'items' })
    signal.throwIfAborted()
    try {
      const report = await (await repositories.repository(use.datastoreId, tenantId)).collect({ signal })
      sum.freedBytes += report.freedBytes
      sum.deletedPacks += report.deletedPacks
      sum.removedRecoveryPoints += report.removedRecoveryPoints
      sum.waiting += report.waiting
    } catch (error) {
      // What one tenant's backups can't give back says nothing of the others'.
      if (!(error instanceof SkerryError) || error.code === 'unavailable') throw error
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
  return sum
}
