import type { Db } from '#server/db.ts'
import { unavailable, unsupported } from '#server/errors.ts'
import { type Auth, type AuthSettings, createAuth, discoveryUrlOf, oidcProviderId } from './auth.ts'

const answerWithinMs = 5_000

/**
 * Opens sign-in over OpenID Connect when it is first used, and tries again after a failure: a provider that is away
 * holds up nobody who signs in otherwise.
 */
export function singleSignOn(db: Db, settings: AuthSettings): () => Promise<Auth> {
  let opening: Promise<Auth> | undefined
  return () => {
    opening ??= open(db, settings).catch((error) => {
      opening = undefined
      throw error
    })
    return opening
  }
}

async function open(db: Db, settings: AuthSettings): Promise<Auth> {
  const discoveryUrl = discoveryUrlOf(settings)
  if (!discoveryUrl) throw unsupported('Single sign-on is not set up here.', 'Sign in with e-mail and password.')
  const away = (cause: unknown) =>
    unavailable(`${settings.OIDC_NAME} does not answer at ${settings.OIDC_ISSUER}.`, {
      wayOut: 'Try again later, or sign in with e-mail and password.',
      cause,
    })
  const answer = await fetch(discoveryUrl, { signal: AbortSignal.timeout(answerWithinMs) }).catch((error) => {
    throw away(error)
  })
  await answer.body?.cancel()
  if (!answer.ok) throw away(new Error(`discovery answered ${answer.status}`))
  const auth = createAuth(db, settings, { singleSignOn: true })
  const { socialProviders } = await auth.$context
  if (!socialProviders.some(({ id }) => id === oidcProviderId)) throw away(new Error('discovery is incomplete'))
  return auth
}
