import { randomBytes, randomUUID } from 'node:crypto'
import { hashPassword } from 'better-auth/crypto'
import type { User } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict, SkerryError } from '#server/errors.ts'
import type { SignUp } from '#server/schema/session.ts'
import { join, readInvitation } from './member.ts'

/** Held while the number of people or operators decides something. */
const lockPeople = (tx: Tx) => tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('skerry.people', 0))`

export const isFresh = async (tx: Tx): Promise<boolean> => (await tx.user.findFirst({ select: { id: true } })) === null

/**
 * The first person of a fresh install becomes operator; everybody later needs an invitation to their address.
 * `readFleet` runs in a transaction that sees the whole fleet.
 * @param maySetUp showed the set-up code
 * @throws forbidden without the set-up code or an invitation, conflict when the address has an account
 */
export async function signUp(
  tx: Tx,
  wanted: SignUp,
  maySetUp: boolean,
  readFleet: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>,
): Promise<{ user: User; tenantId: string | null }> {
  await lockPeople(tx)
  if (await isFresh(tx)) {
    if (wanted.invitationId) throw new SkerryError('not-found', 'There is no such invitation.')
    if (!maySetUp) {
      throw new SkerryError('forbidden', 'This is not the set-up code.', {
        wayOut: 'It is printed where Skerry was started, and stands in the log of its web process.',
        field: 'setUpCode',
      })
    }
    return { user: await createPerson(tx, { ...wanted, operator: true }), tenantId: null }
  }
  const { invitationId } = wanted
  if (!invitationId) {
    throw new SkerryError('forbidden', 'Skerry has an operator already; accounts come by invitation.', {
      wayOut: 'Ask your tenant’s admin or an operator for an invitation.',
    })
  }
  const invitation = await readFleet((fleet) => readInvitation(fleet, invitationId))
  if (invitation.email.toLowerCase() !== wanted.email) {
    throw new SkerryError('forbidden', 'The invitation is for another e-mail address.', {
      wayOut: 'Use the address the invitation was made for, or ask for another one.',
      field: 'email',
    })
  }
  const user = await createPerson(tx, { ...wanted, operator: false })
  await join(tx, invitation, user.id)
  return { user, tenantId: invitation.tenantId }
}

/** With a password to sign in by. @throws conflict when the address has an account */
export async function createPerson(
  tx: Tx,
  person: { name: string; email: string; password: string; operator: boolean },
): Promise<User> {
  const { name, email, operator, password } = person
  if (await tx.user.findUnique({ where: { email } })) {
    throw conflict(`${email} has an account already.`, 'Sign in, then open the invitation’s link again.')
  }
  const id = randomUUID()
  const credential = {
    id: randomUUID(),
    accountId: id,
    providerId: 'credential',
    password: await hashPassword(password),
  }
  return tx.user.create({ data: { id, name, email, operator, accounts: { create: credential } } })
}

/** 96 bits in 16 letters and digits: shown once, meant to be changed. */
export const newPassword = () => randomBytes(12).toString('base64url')

/** Also ends all of the person's sessions. @returns the new password */
export async function resetPassword(tx: Tx, userId: string): Promise<string> {
  const password = newPassword()
  const hash = await hashPassword(password)
  const { count } = await tx.account.updateMany({
    where: { userId, providerId: 'credential' },
    data: { password: hash },
  })
  if (count === 0) {
    await tx.account.create({
      data: { id: randomUUID(), accountId: userId, providerId: 'credential', userId, password: hash },
    })
  }
  await tx.session.deleteMany({ where: { userId } })
  return password
}

/** For somebody who lost both the device and the backup codes. */
export async function removeSecondFactor(tx: Tx, userId: string): Promise<void> {
  await tx.twoFactor.deleteMany({ where: { userId } })
  await tx.user.update({ where: { id: userId }, data: { twoFactorEnabled: false } })
  await tx.session.deleteMany({ where: { userId } })
}

export const grantOperator = (tx: Tx, user: User) =>
  tx.user.update({ where: { id: user.id }, data: { operator: true } })

export async function revokeOperator(tx: Tx, user: User): Promise<void> {
  await keepAnOperator(tx, user)
  await tx.user.update({ where: { id: user.id }, data: { operator: false } })
}

/** With sessions, keys and memberships. @throws conflict for the last operator or a tenant's only owner */
export async function removePerson(tx: Tx, user: User): Promise<void> {
  await keepAnOperator(tx, user)
  const owned = await tx.tenant.findFirst({
    where: {
      members: { some: { userId: user.id, role: 'owner' }, none: { userId: { not: user.id }, role: 'owner' } },
    },
  })
  if (owned) throw conflict(`${user.name} is the only owner of ${owned.name}.`, 'Make somebody else an owner first.')
  await tx.apiKey.deleteMany({ where: { referenceId: user.id } })
  await tx.user.delete({ where: { id: user.id } })
}

async function keepAnOperator(tx: Tx, user: User): Promise<void> {
  await lockPeople(tx)
  const others = await tx.user.count({ where: { operator: true, id: { not: user.id } } })
  if (others === 0 && user.operator) {
    throw conflict(`${user.name} is the only operator.`, 'Make somebody else an operator first.')
  }
}

/** By name; `next` is the cursor of the next page, null at the end. */
export async function listPeople(
  tx: Tx,
  page: { text?: string | undefined; limit: number; cursor?: string | undefined },
) {
  const text = page.text ? { contains: page.text, mode: 'insensitive' as const } : undefined
  const rows = await tx.user.findMany({
    where: text ? { OR: [{ name: text }, { email: text }] } : {},
    select: {
      id: true,
      name: true,
      email: true,
      operator: true,
      twoFactorEnabled: true,
      createdAt: true,
      memberships: { select: { role: true, tenant: { select: { id: true, name: true } } } },
    },
    orderBy: [{ name: 'asc' }, { id: 'asc' }],
    take: page.limit + 1,
    ...(page.cursor ? { cursor: { id: page.cursor }, skip: 1 } : {}),
  })
  const people = rows.slice(0, page.limit)
  return { people, next: rows.length > page.limit ? (people.at(-1)?.id ?? null) : null }
}
