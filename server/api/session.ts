import { demand } from '#server/auth/load.ts'
import { join, readInvitation } from '#server/core/member.ts'
import { isFresh, signUp } from '#server/core/person.ts'
import { inScope, type Tx } from '#server/db.ts'
import { forbidden } from '#server/errors.ts'
import { SignUp, SwitchTenant } from '#server/schema/session.ts'
import { InvitationOne } from '#server/schema/tenant.ts'
import type { Context } from './context.ts'
import { change, costly, publicChange, publicProcedure, router, signedIn } from './trpc.ts'

/** An invitation's secret id entitles to what it names, before there is a scope for it. */
const readFleet =
  (ctx: Context) =>
  <T>(work: (tx: Tx) => Promise<T>) =>
    inScope(ctx.services.authDb, 'fleet', work)

const withPassword = { accounts: { where: { providerId: 'credential' }, select: { id: true } } }

export const sessionRouter = router({
  /** What the sign-in page offers. */
  options: publicProcedure.query(async ({ ctx }) => ({
    /** Nobody has an account yet: the first to sign up, with the set-up code, becomes operator */
    fresh: await isFresh(ctx.tx),
    singleSignOn: ctx.services.singleSignOn,
  })),

  me: signedIn.query(async ({ ctx }) => {
    const { actor, tx } = ctx
    const user = actor.userId ? await tx.user.findUnique({ where: { id: actor.userId }, include: withPassword }) : null
    return {
      id: actor.id,
      kind: actor.kind,
      name: actor.name,
      email: user?.email ?? null,
      twoFactorEnabled: user?.twoFactorEnabled ?? false,
      /** False for who signs in through single sign-on alone */
      hasPassword: (user?.accounts.length ?? 0) > 0,
      operator: actor.operator,
      readOnly: actor.readOnly,
      memberships: actor.memberships,
      activeTenantId: actor.activeTenantId ?? null,
    }
  }),

  switchTenant: change('session', 'switch-tenant')
    .input(SwitchTenant)
    .mutation(async ({ ctx, input }) => {
      const { actor } = ctx
      if (!actor.sessionId) throw forbidden('An API key has no session to switch.')
      demand(ctx, 'tenant', 'read', { tenantId: input.tenantId })
      ctx.trail.detail = { tenantId: input.tenantId }
      await ctx.tx.session.update({ where: { id: actor.sessionId }, data: { activeTenantId: input.tenantId } })
      return { activeTenantId: input.tenantId }
    }),

  /** What an invitation's link says, for the page it opens. */
  invitation: publicProcedure
    .use(costly(20, 30))
    .input(InvitationOne)
    .query(async ({ ctx, input }) => {
      const invitation = await readFleet(ctx)((tx) => readInvitation(tx, input.invitationId))
      const { email, tenantName, inviterName, role, expiresAt } = invitation
      const user = await ctx.tx.user.findUnique({ where: { email }, select: { id: true } })
      return { email, tenantName, inviterName, role, expiresAt, hasAccount: user !== null }
    }),

  /** Makes an account with a password; sign in afterwards. */
  signUp: publicChange('user', 'sign-up')
    .use(costly(5, 5))
    .input(SignUp)
    .mutation(async ({ ctx, input }) => {
      const maySetUp = ctx.services.isSetUpCode(input.setUpCode ?? '')
      const { user, tenantId } = await signUp(ctx.tx, input, maySetUp, readFleet(ctx))
      ctx.trail.actor = { kind: 'user', id: user.id, name: user.name }
      ctx.trail.resource = { kind: 'user', id: user.id, name: user.email, tenantId }
      ctx.trail.detail = { operator: user.operator }
      ctx.trail.authorised = true
      return { operator: user.operator }
    }),

  /** Joins a tenant with the account that is signed in. */
  acceptInvitation: change('user', 'accept-invitation')
    .input(InvitationOne)
    .mutation(async ({ ctx, input }) => {
      const { actor, tx } = ctx
      if (actor.kind !== 'user') throw forbidden('An invitation is accepted by a person, not by an API key.')
      const invitation = await readFleet(ctx)((fleet) => readInvitation(fleet, input.invitationId))
      const user = await tx.user.findUniqueOrThrow({ where: { id: actor.id } })
      if (user.email.toLowerCase() !== invitation.email.toLowerCase()) {
        throw forbidden('The invitation is for another e-mail address.', 'Sign in with the account of that address.')
      }
      ctx.trail.resource = { kind: 'member', id: user.id, name: user.email, tenantId: invitation.tenantId }
      ctx.trail.detail = { role: invitation.role }
      await join(tx, invitation, user.id)
      return { tenantId: invitation.tenantId }
    }),
})
