import { Prisma } from '#prisma/generated/client.ts'
import { type Db, keptPlan } from '#server/db.ts'
import { type TenantRole, tenantRoles } from '#server/schema/tenant.ts'
import type { Actor, Membership } from './actor.ts'

/** What is read of a person to know what they may do. */
export interface PersonRow {
  userId: string
  name: string
  operator: boolean
  memberships: { tenantId: string; tenantName: string; role: string }[]
}

/** Of the table `"user"`. The connection must see the whole fleet: scopes are made of what this reads. */
export const personColumns = Prisma.sql`
  "user".id AS "userId", "user".name, "user".operator,
  (SELECT coalesce(json_agg(json_build_object('tenantId', tenant.id, 'tenantName', tenant.name, 'role', member.role)
      ORDER BY member.created_at), '[]')
    FROM tenant_member AS member JOIN tenant ON tenant.id = member.tenant_id
    WHERE member.user_id = "user".id) AS memberships`

const isRole = (role: string): role is TenantRole => tenantRoles.some((known) => known === role)

export function actorOf({ userId, name, operator, memberships }: PersonRow): Actor {
  return {
    kind: 'user',
    id: userId,
    userId,
    name,
    operator,
    readOnly: false,
    memberships: memberships.flatMap(({ role, ...rest }): Membership[] => (isRole(role) ? [{ ...rest, role }] : [])),
  }
}

/** The person with all memberships. */
export async function readPerson(db: Db, userId: string): Promise<Actor | null> {
  const [found] = await db.$queryRaw<PersonRow[]>`${keptPlan('person')}
    SELECT ${personColumns} FROM "user" WHERE "user".id = ${userId}`
  return found ? actorOf(found) : null
}
