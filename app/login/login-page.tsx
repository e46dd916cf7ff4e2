'use client'

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { AuthFrame } from '#components/auth/auth-frame.tsx'
import { OtherWays } from '#components/auth/other-ways.tsx'
import { PasswordForm } from '#components/auth/password-form.tsx'
import { SecondFactorForm } from '#components/auth/second-factor-form.tsx'
import { SignUpForm } from '#components/auth/sign-up-form.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { LoadingState } from '#components/ui/skeleton.tsx'

const signOnErrors: Record<string, string> = {
  NOT_INVITED: 'Nobody has invited your address to Skerry. Ask your tenant’s admin or an operator for an invitation.',
  account_not_linked: 'The provider’s account could not be joined with yours. Sign in with your password.',
  access_denied: 'The provider refused.',
}

/** Signs in; on a fresh install it makes the operator first. */
export function LoginPage({ next, signOnError }: { next: string; signOnError: string | null }) {
  const trpc = useTRPC()
  const options = useQuery(trpc.session.options.queryOptions())
  const [step, setStep] = useState<'who' | 'second-factor'>('who')
  // A full load, so that the console starts with nothing of anybody else in memory.
  const enter = () => window.location.assign(next)
  if (options.error) {
    return (
      <AuthFrame title="Sign in">
        <ErrorMessage
          {...failure('Skerry does not answer', options.error)}
          onRetry={() => void options.refetch()}
          isRetrying={options.isRefetching}
        />
      </AuthFrame>
    )
  }
  if (!options.data) {
    return (
      <AuthFrame title="Sign in">
        <LoadingState />
      </AuthFrame>
    )
  }
  if (options.data.fresh) {
    return (
      <AuthFrame
        title="Create the operator"
        lead="Nobody has an account here yet. The first one runs the fleet: every site, every host, every tenant."
      >
        <SignUpForm needsSetUpCode submitLabel="Create the operator" onDone={enter} />
      </AuthFrame>
    )
  }
  if (step === 'second-factor') {
    return (
      <AuthFrame title="Second step" lead="Your account is protected by a second factor.">
        <SecondFactorForm onSignedIn={enter} onBack={() => setStep('who')} />
      </AuthFrame>
    )
  }
  return (
    <AuthFrame title="Sign in" lead={next === '/' ? undefined : 'Then you go on where you wanted to.'}>
      {signOnError && (
        <ErrorMessage
          title="You were not signed in"
          message={signOnErrors[signOnError] ?? `The sign-on ended with “${signOnError.replaceAll('_', ' ')}”.`}
        />
      )}
      <PasswordForm onSignedIn={enter} onSecondFactor={() => setStep('second-factor')} />
      <OtherWays singleSignOn={options.data.singleSignOn} next={next} onSignedIn={enter} />
      <p className="text-xs text-ink-faint">No account? You get one by an invitation from your tenant’s admin.</p>
    </AuthFrame>
  )
}
