import { z } from 'zod'
import { demand, load } from '#server/auth/load.ts'
import { listDatastores } from '#server/core/datastore.ts'
import { listDatastorePoints, readDatastore } from '#server/core/datastore-page.ts'
import { compactionOf, verificationOf } from '#server/core/datastore-schedule.ts'
import { enqueue, enqueueOnce } from '#server/core/operation.ts'
import {
  AddDatastoreInput,
  EditDatastoreFields,
  RemoveDatastoreInput,
  TestDatastoreInput,
} from '#server/schema/backup.ts'
import { VerifyDays } from '#server/schema/datastore-state.ts'
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

  /** All that is known of one: state, sizes, who takes what, damage, growth. */
  get: signedIn.input(z.object({ id: z.uuid() })).query(async ({ ctx, input }) => {
    await load.datastore(ctx, input.id, 'read')
    return readDatastore(ctx.tx, input.id)
  }),

  recoveryPoints: signedIn
    .input(z.object({ id: z.uuid(), vmUuid: z.uuid().optional() }))
    .query(async ({ ctx, input }) => {
      await load.datastore(ctx, input.id, 'read')
      return listDatastorePoints(ctx.tx, input.id, input.vmUuid)
    }),

  /** Measures it as soon as a worker can, without an operation: nothing in it changes. */
  measure: change('datastore', 'measure')
    .input(z.object({ id: z.uuid() }))
    .mutation(async ({ ctx, input }) => {
      const { id } = await load.datastore(ctx, input.id, 'measure')
      await ctx.tx.datastore.update({ where: { id }, data: { measureNow: true } })
    }),

  /** Reads and checks all of it. */
  verify: change('datastore', 'verify')
    .input(onDatastore)
    .mutation(async ({ ctx, input: { id, idempotencyKey } }) => {
      const datastore = await load.datastore(ctx, id, 'verify')
      return { operationId: (await enqueue(asker(ctx), { ...verificationOf(datastore, true), idempotencyKey })).id }
    }),

  /** In how many days all of it is read once by itself. */
  setVerifyDays: change('datastore', 'edit')
    .input(z.object({ id: z.uuid(), verifyDays: VerifyDays }))
    .mutation(async ({ ctx, input: { id, verifyDays } }) => {
      await load.datastore(ctx, id, 'edit')
      ctx.trail.detail = { verifyDays }
      await ctx.tx.datastore.update({ where: { id }, data: { verifyDays } })
    }),

  /** Gives back what no recovery point names any more. */
  compact: change('datastore', 'compact')
    .input(onDatastore)
    .mutation(async ({ ctx, input: { id, idempotencyKey } }) => {
      const datastore = await load.datastore(ctx, id, 'compact')
      return { operationId: (await enqueue(asker(ctx), { ...compactionOf(datastore), idempotencyKey })).id }
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
