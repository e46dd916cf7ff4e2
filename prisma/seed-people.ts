import { randomUUID } from 'node:crypto'
import { createPerson, newPassword, resetPassword } from '#server/core/person.ts'
import type { Tx } from '#server/db.ts'
import { tenantRoles } from '#server/schema/tenant.ts'

export interface SignIn {
  role: string
  email: string
  password: string
}

const names: Record<string, string> = {
  operator: 'Olav Operator',
  owner: 'Nora Owner',
  admin: 'Adam Admin',
  member: 'Mia Member',
  viewer: 'Vera Viewer',
}

/**
 * One person for the fleet and one for each role in the tenant. Somebody whose password is not known any more gets a
 * new one; of the others nothing changes.
 */
export async function seedPeople(tx: Tx, tenantId: string | undefined, known: readonly SignIn[]) {
  const signIns: SignIn[] = []
  let made = 0
  for (const role of ['operator', ...(tenantId ? tenantRoles : [])]) {
    const email = `${role}@lab.test`
    const remembered = known.find((signIn) => signIn.email === email)?.password
    const existing = await tx.user.findUnique({ where: { email } })
    if (existing) {
      signIns.push({ role, email, password: remembered ?? (await resetPassword(tx, existing.id)) })
      continue
    }
    const password = remembered ?? newPassword()
    const operator = role === 'operator'
    const person = await createPerson(tx, { name: names[role] ?? role, email, password, operator })
    if (!operator && tenantId) {
      await tx.tenantMember.create({ data: { id: randomUUID(), tenantId, userId: person.id, role } })
    }
    made += 1
    signIns.push({ role, email, password })
  }
  return { signIns, made }
}
