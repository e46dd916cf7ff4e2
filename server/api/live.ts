import { type Actor, scopeOf } from '#server/auth/actor.ts'
import type { Scope } from '#server/db.ts'
import { conflict, SkerryError } from '#server/errors.ts'
import { LiveStatInput } from '#server/schema/live.ts'
import type { Context } from './context.ts'
import { router, stream } from './trpc.ts'

const identifyEveryMs = 30_000
/** Streams that one person or key may hold open in this process. */
const streamsAtOnce = 40
const streamsOf = new Map<string, number>()

type Streaming = Context & { scope: Scope; actor: Actor }

/** Passes the stream on while its reader may still see what it began with. @throws unauthenticated when not */
async function* whileAllowed(ctx: Streaming, source: AsyncGenerator<string | null>) {
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

/** @throws conflict when the reader holds too many streams already */
async function* counted(ctx: Streaming, source: AsyncGenerator<string | null>) {
  const held = streamsOf.get(ctx.actor.id) ?? 0
  if (held >= streamsAtOnce) {
    throw conflict(`You have ${held} live streams open.`, 'Close some tabs, or end scripts that no longer read theirs.')
  }
  streamsOf.set(ctx.actor.id, held + 1)
  try {
    yield* whileAllowed(ctx, source)
  } finally {
    const left = (streamsOf.get(ctx.actor.id) ?? 1) - 1
    if (left > 0) streamsOf.set(ctx.actor.id, left)
    else streamsOf.delete(ctx.actor.id)
  }
}

export const liveRouter = router({
  /** Everything that changes in what the asker may see, as JSON of a LiveBatch. */
  changes: stream.subscription(({ ctx, signal }) => counted(ctx, ctx.services.live.changes(ctx.scope, signal))),

  /** New readings of these VMs as they come, as JSON of LiveStat[]. */
  stats: stream
    .input(LiveStatInput)
    .subscription(({ ctx, input, signal }) => counted(ctx, ctx.services.live.stats(ctx.scope, input.vmIds, signal))),
})
