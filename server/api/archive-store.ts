import { randomUUID } from 'node:crypto'
import type { Asking } from '#server/auth/load.ts'
import { demand, load } from '#server/auth/load.ts'
import { listArchiveStores, removeArchiveStore, setGrant } from '#server/core/archive-store.ts'
import { archiveVerificationOf, setArchiveVerifyDays } from '#server/core/datastore-schedule.ts'
import { enqueue, type NewOperation } from '#server/core/operation.ts'
import { sealedOf } from '#server/core/store-credential.ts'
import { conflict, invalid } from '#server/errors.ts'
import {
  ArchiveStoreId,
  GrantArchiveInput,
  SaveArchiveStoreInput,
  TestArchiveStoreInput,
} from '#server/schema/archive.ts'
import { VerifyDays } from '#server/schema/datastore-state.ts'
import { IdempotencyKey } from '#server/schema/operation.ts'
import { locationText, needsCredential } from '#server/schema/store.ts'
import { asker } from './asker.ts'
import { sealed, storeTestOf } from './datastore-request.ts'
import { change, costly, router, signedIn } from './trpc.ts'

/** @throws conflict when the name is taken, invalid where the secret is missing */
export async function archiveStoreOf(ctx: Asking, input: SaveArchiveStoreInput): Promise<NewOperation> {
  const { archiveStoreId, credential, ...fields } = input
  const known = archiveStoreId ? await load.archiveStore(ctx, archiveStoreId, 'edit') : null
  const id = known?.id ?? randomUUID()
  const taken = await ctx.tx.archiveStore.count({ where: { name: fields.name, id: { not: id } } })
  if (taken > 0) throw conflict(`There is an archive store ${fields.name} already.`, 'Choose another name.')
  const kept = credential === null && known ? sealedOf(known.credential) : null
  if (needsCredential(fields.location) && !credential && !kept) {
    throw invalid('Give the secret of the access key.', { field: 'credential.secretAccessKey' })
  }
  const secret = needsCredential(fields.location) ? (kept ?? sealed(credential, id)) : null
  return {
    kind: 'save-archive-store',
    target: { kind: 'archive-store', id, name: fields.name },
    tenantId: null,
    input: { ...fields, archiveStoreId: id, isNew: known === null, sealed: secret },
  }
}

/** Where tenants archive to: what an operator sets up and grants. */
export const archiveStoreRouter = router({
  list: signedIn.query(({ ctx }) => {
    demand(ctx, 'archive-store', 'read')
    return listArchiveStores(ctx.tx)
  }),

  test: change('archive-store', 'test')
    .input(TestArchiveStoreInput)
    .use(costly(5, 20))
    .mutation(async ({ ctx, input: { location, credential, archiveStoreId } }) => {
      ctx.trail.detail = { location: locationText(location) }
      const known = archiveStoreId ? await load.archiveStore(ctx, archiveStoreId, 'edit') : null
      const storeId = known?.id ?? randomUUID()
      const kept = credential === null && known ? sealedOf(known.credential) : null
      const test = storeTestOf({
        ...{ targetKind: 'archive-store', storeId, location },
        sealed: kept ?? sealed(credential, storeId),
      })
      return { operationId: (await enqueue(asker(ctx), test)).id }
    }),

  /** New, or changed: tried before it is kept. */
  save: change('archive-store', 'create')
    .input(SaveArchiveStoreInput)
    .mutation(async ({ ctx, input }) => {
      if (input.archiveStoreId) ctx.trail.action = 'archive-store.edit'
      const { credential, location, ...shown } = input
      ctx.trail.detail = { ...shown, location: locationText(location), accessReplaced: credential !== null }
      const operation = await enqueue(asker(ctx), await archiveStoreOf(ctx, input))
      ctx.trail.resource = { kind: 'archive-store', id: operation.targetId, name: input.name, tenantId: null }
      return { operationId: operation.id }
    }),

  /** Reads and checks all of it, of every tenant. */
  verify: change('archive-store', 'verify')
    .input(ArchiveStoreId.extend({ idempotencyKey: IdempotencyKey }))
    .mutation(async ({ ctx, input: { id, idempotencyKey } }) => {
      const store = await load.archiveStore(ctx, id, 'verify')
      return { operationId: (await enqueue(asker(ctx), { ...archiveVerificationOf(store, true), idempotencyKey })).id }
    }),

  /** In how many days all of it is read once by itself; null: only when somebody asks for it. */
  setVerifyDays: change('archive-store', 'edit')
    .input(ArchiveStoreId.extend({ verifyDays: VerifyDays.nullable() }))
    .mutation(async ({ ctx, input: { id, verifyDays } }) => {
      await load.archiveStore(ctx, id, 'edit')
      ctx.trail.detail = { verifyDays }
      await setArchiveVerifyDays(ctx.tx, id, verifyDays, new Date())
    }),

  remove: change('archive-store', 'delete')
    .input(ArchiveStoreId)
    .mutation(async ({ ctx, input }) => {
      const store = await load.archiveStore(ctx, input.id, 'delete')
      await removeArchiveStore(ctx.tx, store)
    }),

  /** What a tenant may do with it; without limits nothing more. */
  grant: change('archive-store', 'grant')
    .input(GrantArchiveInput)
    .mutation(async ({ ctx, input: { id, tenantId, limits } }) => {
      await load.tenant(ctx, tenantId, 'read')
      await load.archiveStore(ctx, id, 'grant')
      ctx.trail.detail = { tenantId, limits }
      await setGrant(ctx.tx, id, tenantId, limits)
    }),
})
