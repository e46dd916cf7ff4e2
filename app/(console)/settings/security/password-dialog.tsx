'use client'

import { useState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
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

const formId = 'confirm-by-password'

/** Asks for the password before something that guards the account changes. */
export function PasswordDialog(props: PasswordDialogProps) {
  const [password, setPassword] = useState('')
  return (
    <Dialog
      isOpen
      onOpenChange={props.onClose}
      title={props.title}
      description={props.description}
      size="sm"
      footer={
        <>
          <Button onPress={props.onClose}>Cancel</Button>
          <Button
            variant={props.tone ?? 'primary'}
            type="submit"
            form={formId}
            isPending={props.isPending}
            isDisabled={!password}
          >
            {props.submitLabel}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          if (password) props.onSubmit(password)
        }}
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
      </form>
    </Dialog>
  )
}
