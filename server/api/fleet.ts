import { readPlaces } from '#server/core/fleet.ts'
import { search } from '#server/core/search.ts'
import { inScope } from '#server/db.ts'
import { scopeKey } from '#server/live/scope-key.ts'
import { SearchText } from '#server/schema/search.ts'
import { costly, router, shared, signedIn } from './trpc.ts'

export const fleetRouter = router({
  /** Sites, hosts, tenants and tags with the number of VMs in each: what the tree, the map and every name is made of. */
  places: shared.query(({ ctx: { services, db, scope, actor } }) =>
    services.places.read(`${actor.operator} ${scopeKey(scope)}`, () =>
      inScope(db, scope, (tx) => readPlaces(tx, actor.operator)),
    ),
  ),

  /** What the command palette finds. */
  search: signedIn
    .input(SearchText)
    .use(costly(120, 300))
    .query(({ ctx, input }) => search(ctx.tx, input.text, ctx.actor.operator)),
})
