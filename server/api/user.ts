import type { User } from '#prisma/generated/client.ts'
import { demand, load } from '#server/auth/load.ts'
import type { ActionOf } from '#server/auth/policy.ts'
import {
  createPerson,
  grantOperator,
  listPeople,
  newPassword,
  removePerson,
  removeSecondFactor,
  resetPassword,
  revokeOperator,
} from '#server/core/person.ts'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import { UserCreate, UserOne, UserPage } from '#server/schema/session.ts'
import { change, router, signedIn } from './trpc.ts'

/** A change of one person that tells nothing but whose it was. */
const onPerson = (action: ActionOf<'user'>, work: (tx: Tx, user: User) => Promise<unknown>) =>
  change('user', action)
    .input(UserOne)
    .mutation(async ({ ctx, input }) => {
      const user = await load.user(ctx, input.userId, action)
      await work(ctx.tx, user)
      return { id: user.id }
    })

/** People, for operators. */
export const userRouter = router({
  list: signedIn.input(UserPage).query(({ ctx, input }) => {
    demand(ctx, 'user', 'read')
    return listPeople(ctx.tx, input)
  }),

  /** The password is in this answer alone: pass it on and have it changed. */
  create: change('user', 'create')
    .input(UserCreate)
    .mutation(async ({ ctx, input }) => {
      const password = newPassword()
      const user = await createPerson(ctx.tx, { ...input, password, operator: false })
      ctx.trail.resource = { kind: 'user', id: user.id, name: user.email, tenantId: null }
      return { id: user.id, email: user.email, password }
    }),

  resetPassword: change('user', 'reset-password')
    .input(UserOne)
    .mutation(async ({ ctx, input }) => {
      const user = await load.user(ctx, input.userId, 'reset-password')
      return { id: user.id, password: await resetPassword(ctx.tx, user.id) }
    }),

  removeSecondFactor: onPerson('remove-second-factor', (tx, user) => removeSecondFactor(tx, user.id)),
  grantOperator: onPerson('grant-operator', grantOperator),
  revokeOperator: onPerson('revoke-operator', revokeOperator),

  /** With sessions, keys and memberships; what they did stays in the audit. */
  remove: change('user', 'remove')
    .input(UserOne)
    .mutation(async ({ ctx, input }) => {
      const user = await load.user(ctx, input.userId, 'remove')
      if (user.id === ctx.actor.userId) throw conflict('You cannot remove yourself.', 'Ask another operator.')
      await removePerson(ctx.tx, user)
      return { id: user.id }
    }),
})
