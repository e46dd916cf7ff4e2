import type { Db } from '#server/db.ts'
import { SkerryError } from '#server/errors.ts'
import { type TenantRole, tenantRoles } from '#server/schema/tenant.ts'
import { type Actor, type KeyLimits, narrowed } from './actor.ts'
import { type Auth, keyPrefix } from './auth.ts'

export interface Identity {
  actor: Actor | null
  /** How the actor showed itself; a cookie can be sent by another site's page, a key can't */
  by: 'nobody' | 'cookie' | 'api-key'
  /** Cookies that prolong the session, for the response */
  setCookies: string[]
}

/** Who sends these headers: an API key (x-api-key or Authorization: Bearer sk_…) before a session's cookie. */
export async function identify(auth: Auth, db: Db, headers: Headers): Promise<Identity> {
  const key = keyIn(headers)
  if (key) return { actor: await byKey(auth, db, key), by: 'api-key', setCookies: [] }
  if (!headers.get('cookie')) return { actor: null, by: 'nobody', setCookies: [] }
  const answer = await auth.api.getSession({ headers, returnHeaders: true })
  const setCookies = answer.headers.getSetCookie()
  if (!answer.response) return { actor: null, by: 'nobody', setCookies }
  const person = await readPerson(db, answer.response.user.id)
  if (!person) return { actor: null, by: 'nobody', setCookies }
  const { id: sessionId, activeOrganizationId } = answer.response.session
  const active = person.memberships.find((m) => m.tenantId === activeOrganizationId)?.tenantId
  const actor = { ...person, sessionId, ...(active ? { activeTenantId: active } : {}) }
  return { actor, by: 'cookie', setCookies }
}

function keyIn(headers: Headers): string | null {
  const named = headers.get('x-api-key')
  if (named) return named
  const bearer = headers.get('authorization')?.match(/^Bearer\s+(\S+)$/i)?.[1]
  return bearer?.startsWith(keyPrefix) ? bearer : null
}

async function byKey(auth: Auth, db: Db, secret: string): Promise<Actor> {
  const { valid, key, error } = await auth.api.verifyApiKey({ body: { key: secret } })
  const person = valid && key ? await readPerson(db, key.referenceId) : null
  if (!valid || !key || !person) {
    const tooMany = error?.code === 'RATE_LIMITED'
    throw new SkerryError(
      tooMany ? 'unavailable' : 'unauthenticated',
      tooMany ? 'This API key has been used too often in a minute.' : 'This API key is not valid, expired or revoked.',
      { wayOut: tooMany ? 'Try again in a minute.' : 'Make a new key under Account › API keys.' },
    )
  }
  const limits: KeyLimits = (key.metadata as KeyLimits | null) ?? {}
  const tenant =
    limits.tenantId && person.operator ? await db.tenant.findUnique({ where: { id: limits.tenantId } }) : null
  return narrowed(person, { id: key.id, name: key.name ?? 'API key', limits }, tenant?.name)
}

/** The person with all memberships. `db` sees the whole fleet: scopes are made of what this reads. */
export async function readPerson(db: Db, userId: string): Promise<Actor | null> {
  const user = await db.user.findUnique({
    where: { id: userId },
    select: {
      id: true,
      name: true,
      operator: true,
      memberships: {
        select: { tenantId: true, role: true, tenant: { select: { name: true } } },
        orderBy: { createdAt: 'asc' },
      },
    },
  })
  if (!user) return null
  const isRole = (role: string): role is TenantRole => tenantRoles.some((known) => known === role)
  return {
    kind: 'user',
    id: user.id,
    userId: user.id,
    name: user.name,
    operator: user.operator,
    readOnly: false,
    memberships: user.memberships.flatMap(({ tenantId, role, tenant }) =>
      isRole(role) ? [{ tenantId, tenantName: tenant.name, role }] : [],
    ),
  }
}
