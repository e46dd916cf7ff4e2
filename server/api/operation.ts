import { load } from '#server/auth/load.ts'
import { cleanUpOf, enqueue, requestCancel } from '#server/core/operation.ts'
import { shownInput } from '#server/core/operation-input.ts'
import { listOperations, readOperation } from '#server/core/operation-list.ts'
import { notFound } from '#server/errors.ts'
import { OperationId, OperationList } from '#server/schema/operation.ts'
import { asker } from './asker.ts'
import { retryOperation } from './operation-retry.ts'
import { demandParts, loadWithRight, mayStart } from './operation-right.ts'
import { change, router, signedIn } from './trpc.ts'

export const operationRouter = router({
  /** Everyone's in what the asker may see: live ones first, then newest first. */
  list: signedIn.input(OperationList).query(({ ctx, input }) => listOperations(ctx.tx, input)),

  /** One operation with its input (null unless the asker may start the like) and, of a bulk or drain operation, its children. */
  get: signedIn.input(OperationId).query(async ({ ctx, input }) => {
    await load.operation(ctx, input.id, 'read')
    const operation = await readOperation(ctx.tx, input.id)
    if (!operation) throw notFound('operation', input.id)
    const isShown = mayStart(ctx.actor, operation.kind, operation.tenantId)
    return { ...operation, input: isShown ? shownInput(operation.input) : null }
  }),

  /** Asks it to stop and to put back what it did; the row tells how that ends. */
  cancel: change('operation', 'cancel')
    .input(OperationId)
    .mutation(async ({ ctx, input }) => {
      const operation = await loadWithRight(ctx, input.id)
      await demandParts(ctx, operation)
      await requestCancel(ctx.tx, operation, asker(ctx).actor)
    }),

  /** A new operation of the same request, judged as if it were asked for the first time. */
  retry: change('operation', 'cancel', 'retry')
    .input(OperationId)
    .mutation(async ({ ctx, input }) => {
      const operation = await loadWithRight(ctx, input.id)
      return { operationId: (await retryOperation(ctx, operation)).id }
    }),

  /** An operation that takes away what this one left behind, because it could not undo it when it failed. */
  cleanUp: change('operation', 'cancel', 'clean-up')
    .input(OperationId)
    .mutation(async ({ ctx, input }) => {
      const operation = await loadWithRight(ctx, input.id)
      return { operationId: (await enqueue(asker(ctx), cleanUpOf(operation))).id }
    }),
})
