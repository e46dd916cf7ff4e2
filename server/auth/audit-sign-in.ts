import { APIError, createAuthMiddleware } from 'better-auth/api'
import { type AuditEntry, appendAudit } from '#server/core/audit.ts'
import type { Db } from '#server/db.ts'
import { log } from '#server/log.ts'
import { addressHeader } from './address.ts'

/** What better-auth does for a person that belongs in the audit, by its path. */
const actions: Record<string, string> = {
  '/sign-in/email': 'session.sign-in',
  '/callback/:id': 'session.sign-in',
  '/two-factor/verify-totp': 'session.second-factor',
  '/two-factor/verify-backup-code': 'session.second-factor',
  '/passkey/verify-authentication': 'session.sign-in',
  '/sign-out': 'session.sign-out',
  '/revoke-session': 'session.revoke',
  '/revoke-sessions': 'session.revoke',
  '/revoke-other-sessions': 'session.revoke',
  '/change-password': 'user.change-password',
  '/update-user': 'user.edit',
  '/two-factor/enable': 'user.enable-two-factor',
  '/two-factor/disable': 'user.disable-two-factor',
  '/two-factor/generate-backup-codes': 'user.new-backup-codes',
  '/passkey/verify-registration': 'user.add-passkey',
  '/passkey/update-passkey': 'user.edit-passkey',
  '/passkey/delete-passkey': 'user.remove-passkey',
}

/** Leaves an entry in the fleet's chain for each of these, also when refused. */
export const auditSignIn = (db: Db) =>
  createAuthMiddleware(async (ctx) => {
    const action = actions[ctx.path]
    if (!action) return
    const session = ctx.context.newSession ?? ctx.context.session
    const failure = ctx.context.returned instanceof APIError ? ctx.context.returned : undefined
    const claim = session ? null : await claimed(db, ctx.body)
    const person = session?.user ?? claim
    // Nobody has shown to be the person that a refused sign-in named.
    const actor = failure && claim ? { id: null, name: `somebody, as ${claim.name}` } : person
    const refused = failure && failure.statusCode < 500
    const entry: AuditEntry = {
      tenantId: null,
      actorKind: 'user',
      actorId: actor?.id ?? null,
      actorName: actor?.name ?? 'somebody unknown',
      action,
      resourceKind: action.split('.')[0] ?? 'session',
      resourceId: person?.id ?? null,
      resourceName: person?.email ?? null,
      outcome: failure ? (refused ? 'denied' : 'failed') : 'succeeded',
      origin: ctx.headers?.get(addressHeader) ?? null,
      userAgent: ctx.headers?.get('user-agent') ?? null,
      requestId: null,
      detail: failure ? { reason: failure.body?.message ?? failure.message } : {},
    }
    await db
      .$transaction((tx) => appendAudit(tx, entry))
      .catch((error) => {
        log.error({ error: String(error), action }, 'the audit entry of a sign-in could not be written')
        throw new APIError('SERVICE_UNAVAILABLE', { message: 'Skerry cannot write its audit now. Try again later.' })
      })
  })

/** Whom a refused sign-in named, if there is such a person; what else was typed is not kept: it may be a password. */
async function claimed(db: Db, body: unknown) {
  const email = typeof body === 'object' && body && 'email' in body ? body.email : undefined
  if (typeof email !== 'string') return null
  return db.user.findUnique({ where: { email: email.toLowerCase() }, select: { id: true, name: true, email: true } })
}
