import type { Actor } from '#server/auth/actor.ts'
import { demand, load } from '#server/auth/load.ts'
import { createApiKey, listApiKeys, revokeApiKey } from '#server/core/api-key.ts'
import { forbidden } from '#server/errors.ts'
import { ApiKeyCreate, ApiKeyOne } from '#server/schema/session.ts'
import { change, costly, router, signedIn } from './trpc.ts'

/** A key that could make or end keys would outlive its own limits. */
function personOf(actor: Actor): string {
  if (actor.kind === 'user') return actor.id
  throw forbidden('API keys are looked after by a signed-in person, not by another key.', 'Sign in to the console.')
}

export const apiKeyRouter = router({
  list: signedIn.query(({ ctx }) => listApiKeys(ctx.tx, personOf(ctx.actor))),

  /** The secret is in this answer alone. */
  create: change('api-key', 'create')
    .use(costly(10, 10))
    .input(ApiKeyCreate)
    .mutation(async ({ ctx, input }) => {
      const userId = personOf(ctx.actor)
      const { name, tenantId, readOnly, expiresInDays } = input
      if (tenantId) demand(ctx, 'tenant', 'read', { tenantId })
      const key = await createApiKey(ctx.tx, userId, input)
      ctx.trail.resource = { kind: 'api-key', id: key.id, name, tenantId: tenantId ?? null }
      ctx.trail.detail = { readOnly, expiresInDays: expiresInDays ?? null }
      return key
    }),

  revoke: change('api-key', 'revoke')
    .input(ApiKeyOne)
    .mutation(async ({ ctx, input }) => {
      personOf(ctx.actor)
      const key = await load.apiKey(ctx, input.apiKeyId, 'revoke')
      await revokeApiKey(ctx.tx, key.id)
      return { id: key.id }
    }),
})
