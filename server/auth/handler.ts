import type { Auth } from './auth.ts'

/**
 * What better-auth may do over HTTP. Everything else it can (making tenants, changing roles, keys, e-mail addresses …)
 * goes through tRPC procedures, with policy and audit.
 */
const open = new Set([
  'GET /ok',
  'GET /error',
  'GET /get-session',
  'POST /sign-in/email',
  'POST /sign-in/social',
  'GET /callback/oidc',
  'POST /sign-out',
  'GET /list-sessions',
  'POST /revoke-session',
  'POST /revoke-sessions',
  'POST /revoke-other-sessions',
  'POST /change-password',
  'POST /verify-password',
  'POST /update-user',
  'POST /two-factor/enable',
  'POST /two-factor/disable',
  'POST /two-factor/get-totp-uri',
  'POST /two-factor/generate-backup-codes',
  'POST /two-factor/verify-totp',
  'POST /two-factor/verify-backup-code',
  'GET /passkey/generate-register-options',
  'POST /passkey/verify-registration',
  'GET /passkey/generate-authenticate-options',
  'POST /passkey/generate-authenticate-options',
  'POST /passkey/verify-authentication',
  'GET /passkey/list-user-passkeys',
  'POST /passkey/update-passkey',
  'POST /passkey/delete-passkey',
])

const closed = { code: 'NOT_FOUND', message: 'There is nothing here.' }

/** better-auth's HTTP side, cut down to what is above. */
export async function handleAuth(auth: Auth, request: Request): Promise<Response> {
  const path = new URL(request.url).pathname.replace(/^\/api\/auth/, '').replace(/\/+$/, '')
  if (!open.has(`${request.method} ${path}`)) return Response.json(closed, { status: 404 })
  return auth.handler(request)
}
