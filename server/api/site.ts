import { z } from 'zod'
import { demand, load } from '#server/auth/load.ts'
import { createSite, deleteSite, readCapacities, updateSite } from '#server/core/site.ts'
import { SiteId, SiteInput } from '#server/schema/site.ts'
import { change, router, signedIn } from './trpc.ts'

export const siteRouter = router({
  /** What each site has, and what is used and promised of it. */
  capacity: signedIn.query(({ ctx }) => {
    demand(ctx, 'host', 'read')
    return readCapacities(ctx.tx)
  }),

  create: change('site', 'create')
    .input(SiteInput)
    .mutation(async ({ ctx, input }) => {
      const site = await createSite(ctx.tx, input)
      ctx.trail.resource = { kind: 'site', id: site.id, name: site.name, tenantId: null }
      return { id: site.id }
    }),

  update: change('site', 'edit')
    .input(SiteInput.extend({ id: SiteId }))
    .mutation(async ({ ctx, input: { id, ...input } }) => {
      await load.site(ctx, id, 'edit')
      await updateSite(ctx.tx, id, input)
    }),

  /** Only an empty site can go. */
  delete: change('site', 'delete')
    .input(z.object({ id: SiteId }))
    .mutation(async ({ ctx, input }) => {
      await load.site(ctx, input.id, 'delete')
      await deleteSite(ctx.tx, input.id)
    }),
})
