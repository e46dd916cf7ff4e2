import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { load } from '#server/auth/load.ts'
import { CredentialBox } from '#server/core/credential.ts'
import { planDrain } from '#server/core/drain-plan.ts'
import { enqueue } from '#server/core/operation.ts'
import { env } from '#server/env.ts'
import { conflict } from '#server/errors.ts'
import { AddHostInput, type Credential, DrainInput, TestHostInput } from '#server/schema/host-action.ts'
import { IdempotencyKey } from '#server/schema/operation.ts'
import { asker } from './asker.ts'
import { change, costly, router, signedIn } from './trpc.ts'

const onHost = z.object({ id: z.uuid(), idempotencyKey: IdempotencyKey })

/** Secrets never stand open in an operation: they are sealed for the id the host will have. */
function sealed(credential: Credential | null, hostId: string): string | null {
  if (credential === null) return null
  return Buffer.from(CredentialBox.fromText(env().SKERRY_KEY).seal(credential, hostId)).toString('base64')
}

/** What is done with hosts as a whole; for operators. */
export const hostActionRouter = router({
  /** Tries to connect from a worker; the operation's result says what the host is, or its error where it stopped. */
  test: change('host', 'test')
    .input(TestHostInput)
    .use(costly(5, 20))
    .mutation(async ({ ctx, input }) => {
      const hostId = randomUUID()
      ctx.trail.detail = { uri: input.uri }
      const operation = await enqueue(asker(ctx), {
        kind: 'test-host',
        target: { kind: 'host', id: hostId, name: input.uri },
        tenantId: null,
        input: { hostId, uri: input.uri, sealed: sealed(input.credential, hostId) },
      })
      return { operationId: operation.id }
    }),

  add: change('host', 'create')
    .input(AddHostInput.extend({ idempotencyKey: IdempotencyKey }))
    .mutation(async ({ ctx, input }) => {
      await ctx.tx.site.findUniqueOrThrow({ where: { id: input.siteId } })
      const twin = await ctx.tx.host.findFirst({ where: { OR: [{ name: input.name }, { uri: input.uri }] } })
      if (twin) throw conflict(`${twin.name} has this name or address already.`, 'Give it another name, or look there.')
      const hostId = randomUUID()
      const { name, uri, siteId, migrationUri } = input
      ctx.trail.resource = { kind: 'host', id: hostId, name, tenantId: null }
      ctx.trail.detail = { uri, siteId }
      const operation = await enqueue(asker(ctx), {
        kind: 'add-host',
        target: { kind: 'host', id: hostId, name },
        tenantId: null,
        input: { hostId, name, uri, siteId, migrationUri, sealed: sealed(input.credential, hostId) },
        idempotencyKey: input.idempotencyKey ?? null,
      })
      return { operationId: operation.id, hostId }
    }),

  remove: change('host', 'delete')
    .input(onHost)
    .mutation(async ({ ctx, input }) => {
      const host = await load.host(ctx, input.id, 'delete')
      const operation = await enqueue(asker(ctx), {
        kind: 'remove-host',
        target: { kind: 'host', id: host.id, name: host.name },
        tenantId: null,
        hostId: host.id,
        input: {},
        idempotencyKey: input.idempotencyKey ?? null,
      })
      return { operationId: operation.id }
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
      const operation = await enqueue(asker(ctx), {
        kind: 'drain-host',
        target: { kind: 'host', id: host.id, name: host.name },
        tenantId: null,
        hostId: host.id,
        input,
        idempotencyKey: idempotencyKey ?? null,
      })
      return { operationId: operation.id }
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
