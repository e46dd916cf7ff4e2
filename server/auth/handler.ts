import { SkerryError } from '#server/errors.ts'
import type { Auth } from './auth.ts'
import { withinBodyLimit } from './body-limit.ts'
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

const overSingleSignOn = new Set(['POST /sign-in/social', 'GET /callback/oidc'])

export interface AuthServices {
  auth: Auth
  /** The same with the OpenID Connect provider, which must answer. @throws SkerryError */
  openSingleSignOn: () => Promise<Auth>
  /** Where our own pages are */
  url: string
}

/** better-auth's HTTP side, cut down to what is above; at most 1 MiB a request. */
export async function handleAuth(services: AuthServices, request: Request): Promise<Response> {
  const path = new URL(request.url).pathname.replace(/^\/api\/auth/, '').replace(/\/+$/, '')
  const endpoint = `${request.method} ${path}`
  if (!open.has(endpoint)) return Response.json(closed, { status: 404 })
  const strict = request.headers.has('cookie')
  if (request.method === 'POST' && !isSameOrigin(request.headers, services.url, strict)) {
    return Response.json(foreign, { status: 403 })
  }
  const limited = await withinBodyLimit(request)
  if (limited instanceof Response) return limited
  if (!overSingleSignOn.has(endpoint)) return services.auth.handler(limited)
  try {
    return await (await services.openSingleSignOn()).handler(limited)
  } catch (error) {
    if (!(error instanceof SkerryError)) throw error
    return Response.json({ code: error.code, message: error.message }, { status: 503 })
  }
}
