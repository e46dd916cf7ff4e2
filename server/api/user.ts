import { demand, load } from '#server/auth/load.ts'
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
import { conflict } from '#server/errors.ts'
import { UserCreate, UserOne, UserPage } from '#server/schema/session.ts'
import { change, router, signedIn } from './trpc.ts'

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

  removeSecondFactor: change('user', 'remove-second-factor')
    .input(UserOne)
    .mutation(async ({ ctx, input }) => {
      const user = await load.user(ctx, input.userId, 'remove-second-factor')
      await removeSecondFactor(ctx.tx, user.id)
      return { id: user.id }
    }),

  grantOperator: change('user', 'grant-operator')
    .input(UserOne)
    .mutation(async ({ ctx, input }) => {
      const user = await load.user(ctx, input.userId, 'grant-operator')
      await grantOperator(ctx.tx, user)
      return { id: user.id }
    }),

  revokeOperator: change('user', 'revoke-operator')
    .input(UserOne)
    .mutation(async ({ ctx, input }) => {
      const user = await load.user(ctx, input.userId, 'revoke-operator')
      await revokeOperator(ctx.tx, user)
      return { id: user.id }
    }),

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
