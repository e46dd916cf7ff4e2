/**
 * Takes recovery points away. What they share with others stays in the datastore; the space of the rest is given back
 * when the datastore is compacted. One after the other, each whole or gone: nothing brings one back, so the datastore is
 * reached before the first goes.
 */
import { demandUnused } from '#server/core/recovery-point-removal.ts'
import { DamageError } from '#server/repository/damage.ts'
import { RemoveRecoveryPointsPlan } from '#server/schema/backup.ts'
import { defineWorkflow } from './define.ts'
import { removeRecoveryPoint } from './recovery-point-removal.ts'

export const removeRecoveryPoints = defineWorkflow<RemoveRecoveryPointsPlan, { removed: number }>({
  kind: 'remove-recovery-points',
  input: RemoveRecoveryPointsPlan,
  noReturnAfter: 'look',
  result: ({ removed }) => ({ removed }),
  steps: [
    {
      name: 'look',
      do: async ({ db, repositories, input, operation }) => {
        const repository = await repositories.repository(input.datastoreId, operation.tenantId)
        // A broken one can be removed too.
        await repository.describe(input.ids[0] ?? operation.id).catch(unlessUnreachable)
        await demandUnused(db, await db.recoveryPoint.findMany({ where: { id: { in: input.ids } } }))
        return undefined
      },
    },
    {
      name: 'remove',
      do: async (context) => {
        const { ids, datastoreId } = context.input
        for (const [index, id] of ids.entries()) {
          context.progress({ phase: 'deleting', done: index, total: ids.length, unit: 'items' })
          await removeRecoveryPoint(context, datastoreId, id)
        }
        return { removed: ids.length }
      },
    },
  ],
})

function unlessUnreachable(error: unknown): undefined {
  if (error instanceof DamageError) return undefined
  throw error
}
