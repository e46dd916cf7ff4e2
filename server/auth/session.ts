import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Db, keptPlan } from '#server/db.ts'
import type { Auth } from './auth.ts'
import { type PersonRow, personColumns } from './person.ts'

/** A session's row with its person's. */
export interface StandingSession extends PersonRow {
  sessionId: string
  activeTenantId: string | null
}

/**
 * The session that a Cookie header stands for, when nothing is to be done about it: every request asks, so this is one
 * statement. Null for everything else (forged, ended, expired, due to be prolonged), which is better-auth's to judge.
 * Nothing is remembered between requests: a session that was ended is ended for the next one.
 */
export async function readSession(auth: Auth, db: Db, cookies: string): Promise<StandingSession | null> {
  const { authCookies, secret, sessionConfig } = await auth.$context
  const token = signedToken(cookies, authCookies.sessionToken.name, secret)
  if (token === null) return null
  const prolongedAfterSeconds = sessionConfig.expiresIn - sessionConfig.updateAge
  const [found] = await db.$queryRaw<(StandingSession & { expiresAt: Date })[]>`${keptPlan('session')}
    SELECT session.id AS "sessionId", session.active_tenant_id AS "activeTenantId", session.expires_at AS "expiresAt",
      ${personColumns}
    FROM session JOIN "user" ON "user".id = session.user_id WHERE session.token = ${token}`
  if (!found) return null
  const { expiresAt, ...session } = found
  const isDue = expiresAt.getTime() - Date.now() <= prolongedAfterSeconds * 1000
  return isDue ? null : session
}

/** The value of a cookie that better-auth signed: `value.signature`, base64 of HMAC-SHA-256. */
export function signedToken(cookies: string, name: string, secret: string): string | null {
  const cookie = cookies
    .split(';')
    .map((each) => each.trim())
    .find((each) => each.startsWith(`${name}=`))
  if (cookie === undefined) return null
  const text = decoded(cookie.slice(name.length + 1))
  const dot = text.lastIndexOf('.')
  if (dot < 1) return null
  const value = text.slice(0, dot)
  const given = Buffer.from(text.slice(dot + 1), 'base64')
  const right = createHmac('sha256', secret).update(value).digest()
  return given.length === right.length && timingSafeEqual(given, right) ? value : null
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
