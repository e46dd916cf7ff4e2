'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure, fieldError, isFieldError } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { minPasswordLength } from '#server/schema/session.ts'
import { authClient, authErrorText } from './auth-client.ts'

export interface SignUpFormProps {
  invitationId?: string
  fixedEmail?: string
  /** Where nobody has an account yet */
  needsSetUpCode?: boolean
  submitLabel: string
  /** The account is made and signed in. */
  onDone: () => void
}

/** Makes an account with a password and signs in with it. */
export function SignUpForm({ invitationId, fixedEmail, needsSetUpCode = false, submitLabel, onDone }: SignUpFormProps) {
  const trpc = useTRPC()
  const [name, setName] = useState('')
  const [email, setEmail] = useState(fixedEmail ?? '')
  const [password, setPassword] = useState('')
  const [setUpCode, setSetUpCode] = useState('')
  const [signInError, setSignInError] = useState('')
  const signUp = useMutation(
    trpc.session.signUp.mutationOptions({
      onSuccess: async () => {
        const answer = await authClient.signIn.email({ email, password })
        if (answer.error) setSignInError(authErrorText(answer.error))
        else onDone()
      },
    }),
  )
  const isShort = password.length > 0 && password.length < minPasswordLength
  const isComplete =
    name.trim() !== '' &&
    email.includes('@') &&
    password.length >= minPasswordLength &&
    (!needsSetUpCode || setUpCode.trim() !== '')
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isComplete) return
        const shown = { ...(invitationId ? { invitationId } : {}), ...(needsSetUpCode ? { setUpCode } : {}) }
        signUp.mutate({ name, email, password, ...shown })
      }}
    >
      {signUp.error && !isFieldError(signUp.error, ['name', 'email', 'password', 'setUpCode']) && (
        <ErrorMessage {...failure('The account was not made', signUp.error)} />
      )}
      {signInError && <ErrorMessage title="The account is made, but you are not signed in" message={signInError} />}
      {needsSetUpCode && (
        <TextField
          label="Set-up code"
          description="Printed where Skerry was started, and in the log of its web process."
          value={setUpCode}
          onChange={setSetUpCode}
          isMono
          autoFocus
          maxLength={64}
          placeholder="XXXXX-XXXXX-XXXXX-XXXXX"
          error={fieldError(signUp.error, 'setUpCode')}
        />
      )}
      <TextField
        label="Your name"
        name="name"
        autoComplete="name"
        autoFocus={!needsSetUpCode}
        value={name}
        onChange={setName}
        error={fieldError(signUp.error, 'name')}
      />
      <TextField
        label="E-mail"
        type="email"
        name="email"
        autoComplete="username"
        value={email}
        onChange={setEmail}
        isReadOnly={fixedEmail !== undefined}
        error={fieldError(signUp.error, 'email')}
      />
      <TextField
        label="Password"
        type="password"
        name="password"
        autoComplete="new-password"
        value={password}
        onChange={setPassword}
        description={`At least ${minPasswordLength} characters${isShort ? `: ${minPasswordLength - password.length} to go` : ''}.`}
        error={fieldError(signUp.error, 'password')}
      />
      <Button type="submit" variant="primary" isPending={signUp.isPending} isDisabled={!isComplete} className="mt-1">
        {submitLabel}
      </Button>
    </form>
  )
}
