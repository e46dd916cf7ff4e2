import { z } from 'zod'
import { load } from '#server/auth/load.ts'
import { planDrain } from '#server/core/drain-plan.ts'
import { enqueue, enqueueOnce } from '#server/core/operation.ts'
import { AddHostInput, DrainInput, EditHostFields, TestHostInput } from '#server/schema/host-action.ts'
import { IdempotencyKey } from '#server/schema/operation.ts'
import { asker } from './asker.ts'
import { additionOf, drainOf, hostEditOf, hostTestOf, removalOf } from './host-request.ts'
import { change, costly, router, signedIn } from './trpc.ts'

const onHost = z.object({ id: z.uuid(), idempotencyKey: IdempotencyKey })

const changesSomething = ({ id: _, idempotencyKey: __, ...edit }: Record<string, unknown>) =>
  Object.values(edit).some((value) => value !== undefined)

/** What is done with hosts as a whole; for operators. */
export const hostActionRouter = router({
  /** Tries to connect from a worker; the operation's result says what the host is, or its error where it stopped. */
  test: change('host', 'test')
    .input(TestHostInput)
    .use(costly(5, 20))
    .mutation(async ({ ctx, input }) => {
      ctx.trail.detail = { uri: input.uri }
      if (input.hostId) await load.host(ctx, input.hostId, 'edit')
      return { operationId: (await enqueue(asker(ctx), await hostTestOf(ctx.tx, input))).id }
    }),

  add: change('host', 'create')
    .input(AddHostInput.extend({ idempotencyKey: IdempotencyKey }))
    .mutation(async ({ ctx, input: { idempotencyKey, ...input } }) => {
      ctx.trail.detail = { uri: input.uri, siteId: input.siteId }
      const { credential: _, ...asked } = input
      const request = { kind: 'add-host', input: asked, isPlanned: true, key: idempotencyKey } as const
      const operation = await enqueueOnce(asker(ctx), request, () => additionOf(ctx.tx, input))
      const hostId = operation.targetId
      ctx.trail.resource = { kind: 'host', id: hostId, name: input.name, tenantId: null }
      return { operationId: operation.id, hostId }
    }),

  /** Its name, address and credential; a new address or credential is tested before it takes the place of the old. */
  edit: change('host', 'edit')
    .input(EditHostFields.extend(onHost.shape).refine(changesSomething, 'Nothing to change.'))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...edit } }) => {
      const host = await load.host(ctx, id, 'edit')
      const { credential, ...shown } = edit
      ctx.trail.detail = { ...shown, accessReplaced: credential !== undefined }
      const request = { kind: 'edit-host', targetId: id, input: shown, isPlanned: true, key: idempotencyKey } as const
      return { operationId: (await enqueueOnce(asker(ctx), request, () => hostEditOf(ctx.tx, host, edit))).id }
    }),

  remove: change('host', 'delete')
    .input(onHost)
    .mutation(async ({ ctx, input: { id, idempotencyKey } }) => {
      const host = await load.host(ctx, id, 'delete')
      return { operationId: (await enqueue(asker(ctx), { ...removalOf(host), idempotencyKey })).id }
    }),

  /** Where each of its VMs would go, or why one can't: shown before a drain begins. */
  drainPlan: signedIn
    .input(z.object({ id: z.uuid() }))
    .use(costly(30, 60))
    .query(async ({ ctx, input }) => {
      await load.host(ctx, input.id, 'drain')
      return planDrain(ctx.tx, input.id)
    }),

  drain: change('host', 'drain')
    .input(DrainInput.extend(onHost.shape))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...input } }) => {
      const host = await load.host(ctx, id, 'drain')
      return { operationId: (await enqueue(asker(ctx), { ...drainOf(host, input), idempotencyKey })).id }
    }),

  /** It takes VMs again. */
  undrain: change('host', 'drain', 'undrain')
    .input(z.object({ id: z.uuid() }))
    .mutation(async ({ ctx, input }) => {
      const host = await load.host(ctx, input.id, 'drain')
      ctx.trail.detail = { draining: false }
      await ctx.tx.host.update({ where: { id: host.id }, data: { draining: false } })
    }),
})
