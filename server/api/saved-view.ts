import { z } from 'zod'
import { load } from '#server/auth/load.ts'
import { listSavedViews, saveView } from '#server/core/saved-view.ts'
import { forbidden } from '#server/errors.ts'
import { SavedViewId, SavedViewInput } from '#server/schema/saved-view.ts'
import { change, router, signedIn } from './trpc.ts'

function person(userId: string | null): string {
  if (userId) return userId
  throw forbidden('Saved views belong to people.')
}

export const savedViewRouter = router({
  list: signedIn
    .input(z.object({ page: z.string() }))
    .query(({ ctx, input }) => listSavedViews(ctx.tx, person(ctx.actor.userId), input.page)),

  save: change('saved-view', 'create')
    .input(SavedViewInput)
    .mutation(async ({ ctx, input }) => {
      const view = await saveView(ctx.tx, person(ctx.actor.userId), input)
      ctx.trail.resource = { kind: 'saved-view', id: view.id, name: view.name, tenantId: null }
      return { id: view.id }
    }),

  delete: change('saved-view', 'delete')
    .input(z.object({ id: SavedViewId }))
    .mutation(async ({ ctx, input }) => {
      await load.savedView(ctx, input.id, 'delete')
      await ctx.tx.savedView.delete({ where: { id: input.id } })
    }),
})
