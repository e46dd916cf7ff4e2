import { apiKey } from '@better-auth/api-key'
import { passkey } from '@better-auth/passkey'
import { betterAuth } from 'better-auth'
import { prismaAdapter } from 'better-auth/adapters/prisma'
import { APIError } from 'better-auth/api'
import { genericOAuth, organization, twoFactor } from 'better-auth/plugins'
import type { Db } from '#server/db.ts'
import type { Env } from '#server/env.ts'
import { log } from '#server/log.ts'
import { addressHeader } from './address.ts'
import { auditSignIn } from './audit-sign-in.ts'
import { ownOrigins, passkeyAddress } from './own-address.ts'

/** Of keys that `server/core/api-key.ts` makes; better-auth verifies them. */
export const keyPrefix = 'sk_'
export const oidcProviderId = 'oidc'
const product = 'Skerry'

export type AuthSettings = Pick<
  Env,
  'SKERRY_URL' | 'BETTER_AUTH_SECRET' | 'OIDC_ISSUER' | 'OIDC_CLIENT_ID' | 'OIDC_CLIENT_SECRET' | 'OIDC_NAME'
>

/**
 * Sessions, passwords, passkeys, second factors, API keys and single sign-on. `db` must be opened for the whole fleet:
 * better-auth reads memberships before anybody's scope is known. What its HTTP side may do is in `handler.ts`; tenants,
 * members, invitations and keys are changed by tRPC procedures alone, where policy and audit are.
 */
export function createAuth(db: Db, settings: AuthSettings, options: { singleSignOn?: boolean } = {}) {
  const url = new URL(settings.SKERRY_URL)
  return betterAuth({
    appName: product,
    baseURL: url.origin,
    basePath: '/api/auth',
    secret: settings.BETTER_AUTH_SECRET,
    // The console may be opened under another name of the same machine, such as localhost.
    trustedOrigins: ownOrigins(settings),
    database: prismaAdapter(db, { provider: 'postgresql', transaction: true }),
    user: { additionalFields: { operator: { type: 'boolean', required: false, defaultValue: false, input: false } } },
    account: {
      // The operator chose the issuer and vouches for its addresses.
      accountLinking: { enabled: true, trustedProviders: [oidcProviderId], requireLocalEmailVerified: false },
      encryptOAuthTokens: true,
    },
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 12, maxPasswordLength: 128 },
    session: { expiresIn: 7 * 24 * 3600, updateAge: 24 * 3600 },
    rateLimit: {
      enabled: true,
      storage: 'database',
      window: 60,
      max: 300,
      customRules: {
        '/get-session': false,
        '/sign-in/*': { window: 60, max: 10 },
        '/two-factor/verify-*': { window: 60, max: 10 },
        '/passkey/verify-authentication': { window: 60, max: 10 },
        '/change-password': { window: 60, max: 5 },
        '/verify-password': { window: 60, max: 5 },
      },
    },
    advanced: {
      useSecureCookies: url.protocol === 'https:',
      cookiePrefix: 'skerry',
      ipAddress: { ipAddressHeaders: [addressHeader] },
      defaultCookieAttributes: { sameSite: 'lax', httpOnly: true },
    },
    telemetry: { enabled: false },
    logger: { level: 'warn', log: toLog },
    databaseHooks: {
      user: { create: { before: (user) => onlyInvited(db, user.email) } },
      session: { create: { before: async (session) => ({ data: await withTenant(db, session) }) } },
    },
    hooks: { after: auditSignIn(db) },
    plugins: [
      organization({
        allowUserToCreateOrganization: false,
        disableOrganizationDeletion: true,
        creatorRole: 'owner',
        schema: {
          session: { fields: { activeOrganizationId: 'activeTenantId' } },
          organization: { modelName: 'tenant' },
          member: { modelName: 'tenantMember', fields: { organizationId: 'tenantId' } },
          invitation: { modelName: 'tenantInvitation', fields: { organizationId: 'tenantId' } },
        },
      }),
      twoFactor({ issuer: product, twoFactorTable: 'twoFactor' }),
      passkey({ ...passkeyAddress(settings), rpName: product }),
      apiKey({
        schema: { apikey: { modelName: 'apiKey' } },
        defaultPrefix: keyPrefix,
        enableMetadata: true,
        rateLimit: { enabled: true, timeWindow: 60_000, maxRequests: 1_200 },
      }),
      ...(options.singleSignOn ? oidc(settings) : []),
    ],
  })
}

/** A wrong API key is its sender's mistake, not ours. */
function toLog(level: string, message: string) {
  const isOurs = level === 'error' && !message.startsWith('Failed to validate API key')
  log[isOurs ? 'error' : level === 'warn' ? 'warn' : 'info']({ auth: message })
}

export type Auth = ReturnType<typeof createAuth>

/** Where the provider tells of itself; undefined without single sign-on. */
export function discoveryUrlOf({ OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET }: AuthSettings): string | undefined {
  if (!OIDC_ISSUER || !OIDC_CLIENT_ID || !OIDC_CLIENT_SECRET) return undefined
  return `${OIDC_ISSUER.replace(/\/$/, '')}/.well-known/openid-configuration`
}

function oidc(settings: AuthSettings) {
  const { OIDC_CLIENT_ID: clientId = '', OIDC_CLIENT_SECRET: clientSecret = '', OIDC_NAME: name } = settings
  const discoveryUrl = discoveryUrlOf(settings)
  const scopes = ['openid', 'email', 'profile']
  const provider = { providerId: oidcProviderId, name, discoveryUrl, clientId, clientSecret, scopes, pkce: true }
  return [genericOAuth({ config: [{ ...provider, requireIdTokenVerification: true }] })]
}

/** Single sign-on makes an account only for who was invited; accounts with a password come by `session.signUp`. */
async function onlyInvited(db: Db, email: string): Promise<void> {
  const invitation = await db.tenantInvitation.findFirst({
    where: { email: email.toLowerCase(), status: 'pending', expiresAt: { gt: new Date() } },
    select: { id: true },
  })
  if (invitation) return
  throw new APIError('FORBIDDEN', {
    code: 'NOT_INVITED',
    message: `Nobody has invited ${email} to Skerry. Ask your tenant's admin or an operator for an invitation.`,
  })
}

/** A new session opens in one of the person's tenants. */
async function withTenant<T extends { userId: string }>(
  db: Db,
  session: T,
): Promise<T & { activeOrganizationId?: string }> {
  const membership = await db.tenantMember.findFirst({
    where: { userId: session.userId },
    orderBy: { createdAt: 'asc' },
    select: { tenantId: true },
  })
  return membership ? { ...session, activeOrganizationId: membership.tenantId } : session
}
