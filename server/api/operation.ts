import { load } from '#server/auth/load.ts'
import { notRetriable, requestCancel, retry } from '#server/core/operation.ts'
import { listOperations, readOperation } from '#server/core/operation-list.ts'
import { retryCreation } from '#server/core/vm-creation.ts'
import { notFound } from '#server/errors.ts'
import { OperationId, OperationList } from '#server/schema/operation.ts'
import { asker } from './asker.ts'
import { loadWithRight } from './operation-right.ts'
import { change, router, signedIn } from './trpc.ts'

export const operationRouter = router({
  /** Everyone's in what the asker may see: live ones first, then newest first. */
  list: signedIn.input(OperationList).query(({ ctx, input }) => listOperations(ctx.tx, input)),

  /** One operation with its input and, of a bulk or drain operation, its children. */
  get: signedIn.input(OperationId).query(async ({ ctx, input }) => {
    await load.operation(ctx, input.id, 'read')
    const operation = await readOperation(ctx.tx, input.id)
    if (!operation) throw notFound('operation', input.id)
    return operation
  }),

  /** Asks it to stop and to put back what it did; the row tells how that ends. */
  cancel: change('operation', 'cancel')
    .input(OperationId)
    .mutation(async ({ ctx, input }) => {
      const operation = await loadWithRight(ctx, input.id)
      await requestCancel(ctx.tx, operation, asker(ctx).actor)
    }),

  /** A new operation with the same input. */
  retry: change('operation', 'cancel')
    .input(OperationId)
    .mutation(async ({ ctx, input }) => {
      const operation = await loadWithRight(ctx, input.id)
      if (operation.state !== 'failed' && operation.state !== 'cancelled') throw notRetriable()
      const isCreation = operation.kind === 'create-vm' || operation.kind === 'clone-vm'
      const again = await (isCreation ? retryCreation(asker(ctx), operation) : retry(asker(ctx), operation, null))
      return { operationId: again.id }
    }),
})
