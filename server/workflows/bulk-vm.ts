/**
 * One action on many VMs. The request made a child operation for each VM that could take it, with a place in the row and
 * a cancel of its own, and noted the others with their reasons; this waits for all and keeps a result for each.
 *
 * | a VM that         | gets                                        |
 * |-------------------|---------------------------------------------|
 * | may and can       | an operation as if asked for alone          |
 * | may not or can't  | its reason in the result, nothing else      |
 *
 * Cancel is passed on to the children that have not ended; each undoes itself.
 */
import { BulkPlan } from '#server/schema/vm-action.ts'
import { awaitChildren, type ItemResult } from './child-operation.ts'
import { defineWorkflow } from './define.ts'

interface Memory {
  items: ItemResult[]
}

export const bulkVm = defineWorkflow<BulkPlan, Memory>({
  kind: 'bulk-vm',
  input: BulkPlan,
  result: ({ items }) => ({ items }),
  steps: [
    {
      name: 'wait',
      do: async (context) => {
        const refused: ItemResult[] = context.input.refused.map(({ vmId, name, reason }) => ({
          id: vmId,
          name,
          state: 'failed',
          reason,
        }))
        return { items: [...(await awaitChildren(context)), ...refused] }
      },
    },
  ],
})
