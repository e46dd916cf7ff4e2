import type { Actor } from '#server/auth/actor.ts'
import type { Asker } from '#server/core/operation.ts'
import type { Tx } from '#server/db.ts'

/** Who asks for an operation, as its row keeps them. */
export const asker = (ctx: { tx: Tx; actor: Actor; requestId: string }): Asker => ({
  tx: ctx.tx,
  actor: { kind: ctx.actor.kind, id: ctx.actor.id, name: ctx.actor.name },
  requestId: ctx.requestId,
})
