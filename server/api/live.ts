import { scopeOf } from '#server/auth/actor.ts'
import type { Scope } from '#server/db.ts'
import { SkerryError } from '#server/errors.ts'
import { LiveStatInput } from '#server/schema/live.ts'
import type { Context } from './context.ts'
import { router, stream } from './trpc.ts'

const identifyEveryMs = 30_000

/** Passes the stream on while its reader may still see what it began with. @throws unauthenticated when not */
async function* whileAllowed(ctx: Context & { scope: Scope }, source: AsyncGenerator<string | null>) {
  let checkedAt = Date.now()
  for await (const text of source) {
    if (Date.now() - checkedAt >= identifyEveryMs) {
      checkedAt = Date.now()
      const actor = await ctx.identifyAgain().catch(() => null)
      if (!actor || JSON.stringify(scopeOf(actor)) !== JSON.stringify(ctx.scope)) {
        throw new SkerryError('unauthenticated', 'You may no longer see this.', { wayOut: 'Sign in again.' })
      }
    }
    if (text !== null) yield text
  }
}

export const liveRouter = router({
  /** Everything that changes in what the asker may see, as JSON of a LiveBatch. */
  changes: stream.subscription(({ ctx, signal }) => whileAllowed(ctx, ctx.services.live.changes(ctx.scope, signal))),

  /** New readings of these VMs as they come, as JSON of LiveStat[]. */
  stats: stream
    .input(LiveStatInput)
    .subscription(({ ctx, input, signal }) =>
      whileAllowed(ctx, ctx.services.live.stats(ctx.scope, input.vmIds, signal)),
    ),
})
