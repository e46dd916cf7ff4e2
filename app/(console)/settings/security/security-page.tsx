'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { Card } from '#components/ui/card.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { PasskeyCard } from './passkey-card.tsx'
import { PasswordCard } from './password-card.tsx'
import { SecondFactorCard } from './second-factor-card.tsx'

/** What proves that it is me: the password, the second factor, passkeys. */
export function SecurityPage() {
  const me = useQuery(useTRPC().session.me.queryOptions())
  if (me.error) return <ErrorMessage {...pageFailure('Your sign-in could not be read', me)} />
  if (!me.data) return <SkeletonRows rows={6} />
  const { email, hasPassword, twoFactorEnabled } = me.data
  return (
    <div className="grid max-w-280 items-start gap-4 p-4 lg:grid-cols-2">
      {hasPassword ? (
        <PasswordCard email={email ?? ''} />
      ) : (
        <Card title="Password">
          <p className="text-sm text-ink-muted">
            You have none: you sign in through your organisation’s sign-on, which also asks for a second factor if one
            is wanted.
          </p>
        </Card>
      )}
      <div className="grid min-w-0 gap-4">
        {hasPassword && <SecondFactorCard isEnabled={twoFactorEnabled} />}
        <PasskeyCard />
      </div>
    </div>
  )
}
