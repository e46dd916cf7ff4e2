'use client'

import { useState } from 'react'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { TextField } from '#components/ui/text-field.tsx'

export interface PasswordDialogProps {
  title: string
  description: string
  submitLabel: string
  tone?: 'primary' | 'danger'
  isPending: boolean
  error: { title: string; message: string } | null
  onSubmit: (password: string) => void
  onClose: () => void
}

/** Asks for the password before something that guards the account changes. */
export function PasswordDialog(props: PasswordDialogProps) {
  const [password, setPassword] = useState('')
  return (
    <FormDialog
      title={props.title}
      description={props.description}
      size="sm"
      submitLabel={props.submitLabel}
      tone={props.tone ?? 'primary'}
      isPending={props.isPending}
      isIncomplete={!password}
      onSubmit={() => props.onSubmit(password)}
      onClose={props.onClose}
    >
      <TextField
        label="Your password"
        type="password"
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
        autoFocus
      />
      {props.error && <ErrorMessage {...props.error} />}
    </FormDialog>
  )
}
