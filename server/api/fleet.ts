import { readPlaces } from '#server/core/fleet.ts'
import { search } from '#server/core/search.ts'
import { SearchText } from '#server/schema/search.ts'
import { router, signedIn } from './trpc.ts'

export const fleetRouter = router({
  /** Sites, hosts, tenants and tags with the number of VMs in each: what the tree, the map and every name is made of. */
  places: signedIn.query(({ ctx }) => readPlaces(ctx.tx, ctx.actor.operator)),

  /** What the command palette finds. */
  search: signedIn.input(SearchText).query(({ ctx, input }) => search(ctx.tx, input.text, ctx.actor.operator)),
})
