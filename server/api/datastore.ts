import { z } from 'zod'
import { demand, load } from '#server/auth/load.ts'
import { listDatastores } from '#server/core/datastore.ts'
import { enqueue, enqueueOnce } from '#server/core/operation.ts'
import {
  AddDatastoreInput,
  EditDatastoreFields,
  RemoveDatastoreInput,
  TestDatastoreInput,
} from '#server/schema/backup.ts'
import { IdempotencyKey } from '#server/schema/operation.ts'
import { locationText } from '#server/schema/store.ts'
import { asker } from './asker.ts'
import { datastoreAdditionOf, datastoreEditOf, datastoreRemovalOf, datastoreTestOf } from './datastore-request.ts'
import { change, costly, router, signedIn } from './trpc.ts'

const onDatastore = z.object({ id: z.uuid(), idempotencyKey: IdempotencyKey })

export const datastoreRouter = router({
  list: signedIn.query(({ ctx }) => {
    demand(ctx, 'datastore', 'read')
    return listDatastores(ctx.tx)
  }),

  /** Tries a folder or bucket from a worker; the operation's result says how it is, or its error what it did not do. */
  test: change('datastore', 'test')
    .input(TestDatastoreInput)
    .use(costly(5, 20))
    .mutation(async ({ ctx, input }) => {
      ctx.trail.detail = { location: locationText(input.location) }
      if (input.datastoreId) await load.datastore(ctx, input.datastoreId, 'edit')
      return { operationId: (await enqueue(asker(ctx), await datastoreTestOf(ctx.tx, input))).id }
    }),

  add: change('datastore', 'create')
    .input(AddDatastoreInput.safeExtend({ idempotencyKey: IdempotencyKey }))
    .mutation(async ({ ctx, input: { idempotencyKey, ...input } }) => {
      const { name, location } = input
      ctx.trail.detail = { name, location: locationText(location) }
      const request = {
        kind: 'add-datastore',
        input: { name, location },
        isPlanned: true,
        key: idempotencyKey,
      } as const
      const operation = await enqueueOnce(asker(ctx), request, () => datastoreAdditionOf(ctx.tx, input))
      ctx.trail.resource = { kind: 'datastore', id: operation.targetId, name, tenantId: null }
      return { operationId: operation.id }
    }),

  /** Its name, place and credential; a new place or credential is tried before it takes that of the old. */
  edit: change('datastore', 'edit')
    .input(EditDatastoreFields.extend(onDatastore.shape))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...edit } }) => {
      const datastore = await load.datastore(ctx, id, 'edit')
      const { credential, location, ...shown } = edit
      const place = location ? { location: locationText(location) } : {}
      ctx.trail.detail = { ...shown, ...place, accessReplaced: credential !== undefined }
      const asked = { ...shown, ...(location ? { location } : {}) }
      const request = {
        ...({ kind: 'edit-datastore', targetId: id, input: asked, isPlanned: true, key: idempotencyKey } as const),
      }
      const operation = await enqueueOnce(asker(ctx), request, () => datastoreEditOf(ctx.tx, datastore, edit))
      return { operationId: operation.id }
    }),

  /** Only when it holds no recovery point any more. */
  remove: change('datastore', 'delete')
    .input(RemoveDatastoreInput.extend(onDatastore.shape))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...input } }) => {
      const datastore = await load.datastore(ctx, id, 'delete')
      ctx.trail.detail = input
      const request = { kind: 'remove-datastore', targetId: id, input, isPlanned: true, key: idempotencyKey } as const
      const operation = await enqueueOnce(asker(ctx), request, () => datastoreRemovalOf(ctx.tx, datastore, input))
      return { operationId: operation.id }
    }),
})
