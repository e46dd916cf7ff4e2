import type { Auth } from './auth.ts'
import { isSameOrigin } from './same-origin.ts'

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

const foreign = { code: 'FOREIGN', message: 'This came from another site’s page, or does not say where from.' }

/** better-auth's HTTP side, cut down to what is above; `skerryUrl` is where our own pages are. */
export async function handleAuth(auth: Auth, request: Request, skerryUrl: string): Promise<Response> {
  const path = new URL(request.url).pathname.replace(/^\/api\/auth/, '').replace(/\/+$/, '')
  if (!open.has(`${request.method} ${path}`)) return Response.json(closed, { status: 404 })
  const strict = request.headers.has('cookie')
  if (request.method === 'POST' && !isSameOrigin(request.headers, skerryUrl, strict)) {
    return Response.json(foreign, { status: 403 })
  }
  return auth.handler(request)
}
