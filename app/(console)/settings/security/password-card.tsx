'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { toast } from 'sonner'
import { authClient } from '#components/auth/auth-client.ts'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { maxPasswordLength, minPasswordLength } from '#server/schema/session.ts'
import { answered } from '../answered.ts'

const blank = { current: '', next: '', again: '' }

/** A new password, by the old one. */
export function PasswordCard({ email }: { email: string }) {
  const [draft, setDraft] = useState(blank)
  const [endsOthers, setEndsOthers] = useState(true)
  const change = useMutation({
    mutationFn: () =>
      answered(
        authClient.changePassword({
          currentPassword: draft.current,
          newPassword: draft.next,
          revokeOtherSessions: endsOthers,
        }),
      ),
    onSuccess: () => {
      setDraft(blank)
      toast.success('Your password is changed')
    },
  })
  const missing = minPasswordLength - draft.next.length
  const isDifferent = draft.again.length > 0 && draft.again !== draft.next
  const isComplete = draft.current !== '' && missing <= 0 && draft.again === draft.next
  return (
    <Card title="Password">
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          if (isComplete) change.mutate()
        }}
      >
        {/* Lets a password manager know whose password changes. */}
        <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
        <TextField
          label="Current password"
          type="password"
          autoComplete="current-password"
          value={draft.current}
          onChange={(current) => setDraft({ ...draft, current })}
        />
        <TextField
          label="New password"
          type="password"
          autoComplete="new-password"
          maxLength={maxPasswordLength}
          description={`At least ${minPasswordLength} characters${draft.next && missing > 0 ? `: ${missing} to go` : ''}.`}
          value={draft.next}
          onChange={(next) => setDraft({ ...draft, next })}
        />
        <TextField
          label="New password again"
          type="password"
          autoComplete="new-password"
          maxLength={maxPasswordLength}
          value={draft.again}
          onChange={(again) => setDraft({ ...draft, again })}
          {...(isDifferent ? { error: 'The two differ' } : {})}
        />
        <Checkbox isSelected={endsOthers} onChange={setEndsOthers}>
          Sign out everywhere else
        </Checkbox>
        {change.error && <ErrorMessage title="The password was not changed" message={change.error.message} />}
        <Button type="submit" isPending={change.isPending} isDisabled={!isComplete} className="self-start">
          Change the password
        </Button>
      </form>
    </Card>
  )
}
