import { type Asking, demand, load } from '#server/auth/load.ts'
import { allowed } from '#server/auth/policy.ts'
import { changeRole, invite, listInvitations, listMembers, removeMember } from '#server/core/member.ts'
import { conflict, forbidden } from '#server/errors.ts'
import { InvitationOne, MemberChangeRole, MemberInvite, MemberOne, TenantOne } from '#server/schema/tenant.ts'
import { change, router, signedIn } from './trpc.ts'

/** Only an owner makes, unmakes or removes an owner. */
function demandForOwner(ctx: Asking, tenantId: string, ...rolesTouched: string[]) {
  if (rolesTouched.includes('owner')) demand(ctx, 'member', 'own', { tenantId })
}

export const memberRouter = router({
  list: signedIn.input(TenantOne).query(async ({ ctx, input }) => {
    const tenant = await load.tenant(ctx, input.tenantId, 'read')
    const owner = { tenantId: tenant.id }
    const can = (action: 'invite' | 'change-role' | 'remove' | 'own') => allowed(ctx.actor, 'member', action, owner)
    const mayInvite = can('invite')
    const link = (id: string) => `${ctx.services.url}/invite/${id}`
    const invitations = mayInvite === true ? await listInvitations(ctx.tx, tenant.id) : []
    return {
      members: await listMembers(ctx.tx, tenant.id),
      invitations: invitations.map((invitation) => ({ ...invitation, url: link(invitation.id) })),
      can: { invite: mayInvite, changeRole: can('change-role'), remove: can('remove'), own: can('own') },
    }
  }),

  /** There is no mail: the inviter passes the link on. */
  invite: change('member', 'invite')
    .input(MemberInvite)
    .mutation(async ({ ctx, input }) => {
      const { actor } = ctx
      const tenant = await load.tenant(ctx, input.tenantId, 'read')
      ctx.trail.resource = { kind: 'member', id: input.email, name: input.email, tenantId: tenant.id }
      ctx.trail.detail = { role: input.role }
      demand(ctx, 'member', 'invite', { tenantId: tenant.id })
      demandForOwner(ctx, tenant.id, input.role)
      if (!actor.userId) throw forbidden('Only a person can invite.')
      const { id, email, role, expiresAt } = await invite(ctx.tx, { ...input, inviterId: actor.userId })
      return { id, email, role, expiresAt, url: `${ctx.services.url}/invite/${id}` }
    }),

  withdrawInvitation: change('member', 'invite', 'withdraw-invitation')
    .input(InvitationOne)
    .mutation(async ({ ctx, input }) => {
      const invitation = await load.invitation(ctx, input.invitationId, 'invite')
      ctx.trail.detail = { withdrawn: true }
      const { count } = await ctx.tx.tenantInvitation.updateMany({
        where: { id: invitation.id, status: 'pending' },
        data: { status: 'canceled' },
      })
      if (count === 0) throw conflict('This invitation is no longer open.')
      return { email: invitation.email }
    }),

  changeRole: change('member', 'change-role')
    .input(MemberChangeRole)
    .mutation(async ({ ctx, input }) => {
      const member = await load.member(ctx, input.memberId, 'change-role')
      ctx.trail.detail = { before: member.role, after: input.role }
      demandForOwner(ctx, member.tenantId, member.role, input.role)
      await changeRole(ctx.tx, member, input.role)
      return { id: member.id, role: input.role }
    }),

  remove: change('member', 'remove')
    .input(MemberOne)
    .mutation(async ({ ctx, input }) => {
      const member = await load.member(ctx, input.memberId, 'remove')
      ctx.trail.detail = { role: member.role }
      demandForOwner(ctx, member.tenantId, member.role)
      await removeMember(ctx.tx, member)
      return { id: member.id }
    }),

  leave: change('member', 'leave')
    .input(TenantOne)
    .mutation(async ({ ctx, input }) => {
      const { actor, tx } = ctx
      const tenant = await load.tenant(ctx, input.tenantId, 'read')
      if (actor.kind !== 'user') throw forbidden('A person leaves a tenant, not an API key.')
      const member = await tx.tenantMember.findFirst({ where: { tenantId: tenant.id, userId: actor.id } })
      if (!member) throw conflict(`You are no member of ${tenant.name}.`)
      ctx.trail.resource = { kind: 'member', id: member.id, name: actor.name, tenantId: tenant.id }
      ctx.trail.detail = { role: member.role }
      demand(ctx, 'member', 'leave', { tenantId: tenant.id })
      await removeMember(tx, member)
      return { tenantId: tenant.id }
    }),
})
