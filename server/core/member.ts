import { randomBytes, randomUUID } from 'node:crypto'
import type { TenantInvitation, TenantMember } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict, SkerryError } from '#server/errors.ts'
import type { TenantRole } from '#server/schema/tenant.ts'
import { lockTenant, unsafeWidenScope } from './tenant.ts'

const invitationDays = 7

export async function listMembers(tx: Tx, tenantId: string) {
  const members = await tx.tenantMember.findMany({
    where: { tenantId },
    include: { user: { select: { name: true, email: true, twoFactorEnabled: true } } },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  })
  return members.map(({ id, userId, role, createdAt, user }) => ({ id, userId, role, createdAt, ...user }))
}

/** Those that can still be accepted. Their ids are secrets: whoever has one may join. */
export async function listInvitations(tx: Tx, tenantId: string) {
  const invitations = await tx.tenantInvitation.findMany({
    where: { tenantId, status: 'pending', expiresAt: { gt: new Date() } },
    include: { inviter: { select: { name: true } } },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  })
  return invitations.map(({ id, email, role, expiresAt, inviter }) => ({
    id,
    email,
    role,
    expiresAt,
    inviter: inviter.name,
  }))
}

/**
 * Replaces an earlier invitation of the same person. The id is the secret of the link.
 * @throws conflict when the person is a member already
 */
export async function invite(
  tx: Tx,
  wanted: { tenantId: string; email: string; role: TenantRole; inviterId: string },
): Promise<TenantInvitation> {
  const { tenantId, email } = wanted
  const member = await tx.tenantMember.findFirst({ where: { tenantId, user: { email } } })
  if (member) throw conflict(`${email} is a member already.`, 'Change the role in the list of members.')
  await tx.tenantInvitation.updateMany({ where: { tenantId, email, status: 'pending' }, data: { status: 'canceled' } })
  const expiresAt = new Date(Date.now() + invitationDays * 24 * 3600_000)
  return tx.tenantInvitation.create({
    data: { id: randomBytes(24).toString('base64url'), status: 'pending', expiresAt, ...wanted },
  })
}

/** In a transaction that sees the whole fleet: the id is what entitles. @throws not-found, also when used or expired */
export async function readInvitation(tx: Tx, id: string) {
  const invitation = await tx.tenantInvitation.findUnique({ where: { id }, include: { tenant: true, inviter: true } })
  if (invitation?.status !== 'pending' || invitation.expiresAt < new Date()) {
    throw new SkerryError('not-found', 'This invitation has been used, withdrawn or has expired.', {
      wayOut: 'Ask whoever invited you for a new one.',
    })
  }
  return {
    id,
    tenantId: invitation.tenantId,
    tenantName: invitation.tenant.name,
    inviterName: invitation.inviter.name,
    email: invitation.email,
    role: invitation.role ?? 'viewer',
    expiresAt: invitation.expiresAt,
  }
}

/** Makes the person a member; once. @throws conflict when it was used meanwhile */
export async function join(tx: Tx, invitation: { id: string; tenantId: string; role: string }, userId: string) {
  await unsafeWidenScope(tx, invitation.tenantId)
  const { count } = await tx.tenantInvitation.updateMany({
    where: { id: invitation.id, status: 'pending', expiresAt: { gt: new Date() } },
    data: { status: 'accepted' },
  })
  if (count === 0) throw conflict('This invitation has been used already.', 'Ask for a new one.')
  await tx.tenantMember.createMany({
    data: [{ id: randomUUID(), tenantId: invitation.tenantId, userId, role: invitation.role }],
    skipDuplicates: true,
  })
}

export async function changeRole(tx: Tx, member: TenantMember, role: TenantRole): Promise<void> {
  if (member.role === 'owner' && role !== 'owner') await keepAnOwner(tx, member)
  await tx.tenantMember.update({ where: { id: member.id }, data: { role } })
}

export async function removeMember(tx: Tx, member: TenantMember): Promise<void> {
  if (member.role === 'owner') await keepAnOwner(tx, member)
  await tx.tenantMember.delete({ where: { id: member.id } })
}

async function keepAnOwner(tx: Tx, member: TenantMember): Promise<void> {
  await lockTenant(tx, member.tenantId)
  const others = await tx.tenantMember.count({
    where: { tenantId: member.tenantId, role: 'owner', id: { not: member.id } },
  })
  if (others === 0) throw conflict('This is the only owner of the tenant.', 'Make somebody else an owner first.')
}
