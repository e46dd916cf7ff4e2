import type { Db } from '#server/db.ts'
import { SkerryError } from '#server/errors.ts'
import { type Actor, type KeyLimits, narrowed } from './actor.ts'
import { type Auth, keyPrefix } from './auth.ts'
import { actorOf, readPerson } from './person.ts'
import { readSession } from './session.ts'

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
  const cookies = headers.get('cookie')
  if (!cookies) return { actor: null, by: 'nobody', setCookies: [] }
  const standing = await readSession(auth, db, cookies)
  if (standing) {
    const { sessionId, activeTenantId, ...person } = standing
    return { actor: inSession(actorOf(person), sessionId, activeTenantId), by: 'cookie', setCookies: [] }
  }
  const answer = await auth.api.getSession({ headers, returnHeaders: true })
  const setCookies = answer.headers.getSetCookie()
  if (!answer.response) return { actor: null, by: 'nobody', setCookies }
  const person = await readPerson(db, answer.response.user.id)
  if (!person) return { actor: null, by: 'nobody', setCookies }
  const { id: sessionId, activeOrganizationId } = answer.response.session
  return { actor: inSession(person, sessionId, activeOrganizationId), by: 'cookie', setCookies }
}

/** The tenant that the session stands in counts only while the person is a member. */
function inSession(person: Actor, sessionId: string, tenantId: string | null | undefined): Actor {
  const active = person.memberships.find((m) => m.tenantId === tenantId)?.tenantId
  return { ...person, sessionId, ...(active ? { activeTenantId: active } : {}) }
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
      { wayOut: tooMany ? 'Try again in a minute.' : 'Make a new key under Settings › API keys.' },
    )
  }
  const limits: KeyLimits = (key.metadata as KeyLimits | null) ?? {}
  const tenant =
    limits.tenantId && person.operator ? await db.tenant.findUnique({ where: { id: limits.tenantId } }) : null
  return narrowed(person, { id: key.id, name: key.name ?? 'API key', limits }, tenant?.name)
}
