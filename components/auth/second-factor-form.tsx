'use client'

import { useState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { authClient, authErrorText } from './auth-client.ts'

/** The second step of signing in: a code from the authenticator, or a backup code when that is lost. */
export function SecondFactorForm({ onSignedIn, onBack }: { onSignedIn: () => void; onBack: () => void }) {
  const [isBackup, setBackup] = useState(false)
  const [code, setCode] = useState('')
  const [trustDevice, setTrustDevice] = useState(false)
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState('')
  const submit = async () => {
    setPending(true)
    setError('')
    const input = { code: code.replaceAll(/\s/g, ''), trustDevice }
    const answer = isBackup
      ? await authClient.twoFactor.verifyBackupCode(input)
      : await authClient.twoFactor.verifyTotp(input)
    setPending(false)
    if (answer.error) return setError(authErrorText(answer.error))
    onSignedIn()
  }
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      {error && <ErrorMessage title="The code was not accepted" message={error} />}
      <TextField
        key={isBackup ? 'backup' : 'code'}
        label={isBackup ? 'Backup code' : 'Code'}
        description={isBackup ? 'Each of them works once.' : 'Six digits from your authenticator app.'}
        name="code"
        autoComplete="one-time-code"
        isMono
        autoFocus
        value={code}
        onChange={setCode}
      />
      <Checkbox isSelected={trustDevice} onChange={setTrustDevice}>
        Don’t ask for a code in this browser for 30 days
      </Checkbox>
      <Button type="submit" variant="primary" isPending={isPending} isDisabled={code.trim().length < 6}>
        Go on
      </Button>
      <div className="flex justify-between">
        <Button
          variant="quiet"
          size="sm"
          onPress={() => {
            setCode('')
            setError('')
            setBackup(!isBackup)
          }}
        >
          {isBackup ? 'Use the authenticator' : 'Use a backup code'}
        </Button>
        <Button variant="quiet" size="sm" onPress={onBack}>
          Sign in as somebody else
        </Button>
      </div>
    </form>
  )
}
