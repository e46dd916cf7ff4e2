'use client'

import { passkeyClient } from '@better-auth/passkey/client'
import { twoFactorClient } from 'better-auth/client/plugins'
import { createAuthClient } from 'better-auth/react'
import { unreachable } from '#components/trpc/unreachable.ts'

/** Signing in and out, passwords, second factors and passkeys. Everything else goes over tRPC. */
export const authClient = createAuthClient({
  plugins: [passkeyClient(), twoFactorClient()],
  fetchOptions: { customFetchImpl: (input, init) => fetch(input, init).catch(unanswered) },
})

/** A call that got nowhere is refused like any other: else it would throw, and its form wait forever. */
const unanswered = () => Response.json({ message: `${unreachable.message} ${unreachable.wayOut}` }, { status: 503 })

/** Whose name stands in the single sign-on's callback address. */
export const singleSignOnProvider = 'oidc'

/** What a refused call of the auth client says, in a sentence. */
export function authErrorText(error: { message?: string | undefined; status: number }): string {
  if (error.status === 429) return 'Too many tries. Wait a minute, then try again.'
  if (error.status === 0 || error.status >= 500)
    return error.message ?? 'Skerry does not answer. Try again in a moment.'
  return error.message ?? 'That was refused.'
}
