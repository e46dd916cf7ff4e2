'use client'

import { Fingerprint, LogIn } from 'lucide-react'
import { useState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { Link } from '#components/ui/link.tsx'
import { authClient, authErrorText, singleSignOnProvider } from './auth-client.ts'
import { usePasskeyObstacle } from './passkey-obstacle.ts'

export interface OtherWaysProps {
  /** Its name, or null where there is none. */
  singleSignOn: string | null
  /** A path of this origin. */
  next: string
  onSignedIn: () => void
}

/** Signing in without a password: a passkey, or the organisation's own sign-on. */
export function OtherWays({ singleSignOn, next, onSignedIn }: OtherWaysProps) {
  const [pending, setPending] = useState<'passkey' | 'single-sign-on' | null>(null)
  const [error, setError] = useState('')
  const obstacle = usePasskeyObstacle()
  const withPasskey = async () => {
    setPending('passkey')
    setError('')
    const answer = await authClient.signIn.passkey()
    setPending(null)
    if (!answer.error) return onSignedIn()
    const isCancelled = 'code' in answer.error && answer.error.code === 'AUTH_CANCELLED'
    setError(isCancelled ? 'No passkey was chosen, or this browser has none for Skerry.' : authErrorText(answer.error))
  }
  const withSingleSignOn = async () => {
    setPending('single-sign-on')
    setError('')
    // On success the browser leaves for the provider.
    const answer = await authClient.signIn.social({
      provider: singleSignOnProvider,
      callbackURL: next,
      errorCallbackURL: `/login?next=${encodeURIComponent(next)}`,
    })
    if (!answer.error) return
    setPending(null)
    setError(authErrorText(answer.error))
  }
  return (
    <div className="flex flex-col gap-2">
      <p aria-hidden="true" className="flex items-center gap-3 text-xs text-ink-faint">
        <span className="h-px flex-1 bg-line" /> or <span className="h-px flex-1 bg-line" />
      </p>
      {error && <ErrorMessage title="You were not signed in" message={error} />}
      <Button
        icon={<Fingerprint size={15} aria-hidden="true" />}
        isPending={pending === 'passkey'}
        onPress={() => void withPasskey()}
        disabledReason={obstacle?.reason}
      >
        Sign in with a passkey
      </Button>
      {obstacle?.href && (
        <p className="text-xs text-ink-faint">
          Passkeys work at <Link href={obstacle.href}>{new URL(obstacle.href).host}</Link>.
        </p>
      )}
      {singleSignOn && (
        <Button
          icon={<LogIn size={15} aria-hidden="true" />}
          isPending={pending === 'single-sign-on'}
          onPress={() => void withSingleSignOn()}
        >
          Sign in with {singleSignOn}
        </Button>
      )}
    </div>
  )
}
