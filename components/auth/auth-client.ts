'use client'

import { passkeyClient } from '@better-auth/passkey/client'
import { genericOAuthClient, twoFactorClient } from 'better-auth/client/plugins'
import { createAuthClient } from 'better-auth/react'

/** Signing in and out, passwords, second factors and passkeys. Everything else goes over tRPC. */
export const authClient = createAuthClient({ plugins: [passkeyClient(), twoFactorClient(), genericOAuthClient()] })
