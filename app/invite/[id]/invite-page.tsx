'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { authClient } from '#components/auth/auth-client.ts'
import { AuthFrame } from '#components/auth/auth-frame.tsx'
import { PasswordForm } from '#components/auth/password-form.tsx'
import { SecondFactorForm } from '#components/auth/second-factor-form.tsx'
import { SignUpForm } from '#components/auth/sign-up-form.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { Button, ButtonLink } from '#components/ui/button.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { LoadingState } from '#components/ui/skeleton.tsx'

const enter = () => window.location.assign('/')

/** What an invitation's link opens: join with the account one has, or make one. */
export function InvitePage({ id, isSignedIn }: { id: string; isSignedIn: boolean }) {
  const trpc = useTRPC()
  const invitation = useQuery({ ...trpc.session.invitation.queryOptions({ invitationId: id }), retry: false })
  const [step, setStep] = useState<'who' | 'second-factor' | 'join'>(isSignedIn ? 'join' : 'who')
  if (invitation.error) {
    return (
      <AuthFrame title="Invitation">
        <ErrorMessage {...failure('This invitation can’t be used', invitation.error)} />
        <ButtonLink href="/">Go to the console</ButtonLink>
      </AuthFrame>
    )
  }
  if (!invitation.data) {
    return (
      <AuthFrame title="Invitation">
        <LoadingState />
      </AuthFrame>
    )
  }
  const { email, tenantName, inviterName, role, expiresAt, hasAccount } = invitation.data
  const lead = (
    <>
      {inviterName} invites you to {tenantName} as {role}. The invitation ends <RelativeTime at={expiresAt} />.
    </>
  )
  return (
    <AuthFrame title={`Join ${tenantName}`} lead={lead}>
      {step === 'join' ? (
        <JoinAsMyself id={id} email={email} tenantName={tenantName} />
      ) : step === 'second-factor' ? (
        <SecondFactorForm onSignedIn={() => setStep('join')} onBack={() => setStep('who')} />
      ) : hasAccount ? (
        <PasswordForm
          fixedEmail={email}
          submitLabel="Sign in to join"
          onSignedIn={() => setStep('join')}
          onSecondFactor={() => setStep('second-factor')}
        />
      ) : (
        <SignUpForm invitationId={id} fixedEmail={email} submitLabel={`Join ${tenantName}`} onDone={enter} />
      )}
    </AuthFrame>
  )
}

function JoinAsMyself({ id, email, tenantName }: { id: string; email: string; tenantName: string }) {
  const trpc = useTRPC()
  const me = useQuery(trpc.session.me.queryOptions())
  const accept = useMutation(
    trpc.session.acceptInvitation.mutationOptions({
      onSuccess: ({ tenantId }) => window.location.assign(`/tenants/${tenantId}`),
    }),
  )
  if (!me.data) return <LoadingState />
  if (me.data.email?.toLowerCase() !== email.toLowerCase()) {
    return (
      <div className="flex flex-col gap-3">
        <ErrorMessage
          title="The invitation is for somebody else"
          message={`You are signed in as ${me.data.email ?? me.data.name}; it was made for ${email}.`}
          whatToDo="Sign out, then sign in as the person it is for."
        />
        <Button onPress={() => void authClient.signOut().then(() => window.location.reload())}>Sign out</Button>
      </div>
    )
  }
  return (
    <div className="flex flex-col gap-3">
      {accept.error && <ErrorMessage {...failure('You have not joined', accept.error)} />}
      <Button variant="primary" isPending={accept.isPending} onPress={() => accept.mutate({ invitationId: id })}>
        Join {tenantName} as {me.data.name}
      </Button>
    </div>
  )
}
