'use client'

import { useState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { authClient, authErrorText } from './auth-client.ts'

export interface PasswordFormProps {
  /** Set where only one address may sign in, e.g. an invited one. */
  fixedEmail?: string
  submitLabel?: string
  onSignedIn: () => void
  onSecondFactor: () => void
}

/** E-mail and password. */
export function PasswordForm(props: PasswordFormProps) {
  const [email, setEmail] = useState(props.fixedEmail ?? '')
  const [password, setPassword] = useState('')
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState('')
  const submit = async () => {
    if (!email || !password) return setError('Type your e-mail address and your password.')
    setPending(true)
    setError('')
    const answer = await authClient.signIn.email({ email: email.trim(), password })
    setPending(false)
    if (answer.error) return setError(authErrorText(answer.error))
    if ('twoFactorRedirect' in answer.data && answer.data.twoFactorRedirect) return props.onSecondFactor()
    props.onSignedIn()
  }
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      {error && <ErrorMessage title="You were not signed in" message={error} />}
      <TextField
        label="E-mail"
        type="email"
        name="email"
        autoComplete="username webauthn"
        value={email}
        onChange={setEmail}
        isReadOnly={props.fixedEmail !== undefined}
        autoFocus={props.fixedEmail === undefined}
      />
      <TextField
        label="Password"
        type="password"
        name="password"
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
        autoFocus={props.fixedEmail !== undefined}
      />
      <Button type="submit" variant="primary" isPending={isPending} className="mt-1">
        {props.submitLabel ?? 'Sign in'}
      </Button>
    </form>
  )
}
