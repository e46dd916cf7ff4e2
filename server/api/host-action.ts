import { z } from 'zod'
import { load } from '#server/auth/load.ts'
import { planDrain } from '#server/core/drain-plan.ts'
import { enqueue, enqueueOnce } from '#server/core/operation.ts'
import { AddHostInput, DrainInput, TestHostInput } from '#server/schema/host-action.ts'
import { IdempotencyKey } from '#server/schema/operation.ts'
import { asker } from './asker.ts'
import { additionOf, drainOf, hostTestOf, removalOf } from './host-request.ts'
import { change, costly, router, signedIn } from './trpc.ts'

const onHost = z.object({ id: z.uuid(), idempotencyKey: IdempotencyKey })

/** What is done with hosts as a whole; for operators. */
export const hostActionRouter = router({
  /** Tries to connect from a worker; the operation's result says what the host is, or its error where it stopped. */
  test: change('host', 'test')
    .input(TestHostInput)
    .use(costly(5, 20))
    .mutation(async ({ ctx, input }) => {
      ctx.trail.detail = { uri: input.uri }
      return { operationId: (await enqueue(asker(ctx), hostTestOf(input))).id }
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

  remove: change('host', 'delete')
    .input(onHost)
    .mutation(async ({ ctx, input: { id, idempotencyKey } }) => {
      const host = await load.host(ctx, id, 'delete')
      return { operationId: (await enqueue(asker(ctx), { ...removalOf(host), idempotencyKey })).id }
    }),

  /** Where each of its VMs would go, or why one can't: shown before a drain begins. */
  drainPlan: signedIn.input(z.object({ id: z.uuid() })).query(async ({ ctx, input }) => {
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
  undrain: change('host', 'drain')
    .input(z.object({ id: z.uuid() }))
    .mutation(async ({ ctx, input }) => {
      const host = await load.host(ctx, input.id, 'drain')
      ctx.trail.detail = { draining: false }
      await ctx.tx.host.update({ where: { id: host.id }, data: { draining: false } })
    }),
})
