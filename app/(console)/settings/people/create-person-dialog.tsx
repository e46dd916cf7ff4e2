'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure, fieldError, isFieldError } from '#components/trpc/failure.ts'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { SecretDialog } from '../secret-dialog.tsx'

/** An account without an invitation; its first password is shown once. */
export function CreatePersonDialog({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const create = useMutation(
    trpc.user.create.mutationOptions({
      onSuccess: () => client.invalidateQueries({ queryKey: trpc.user.list.pathKey() }),
    }),
  )
  if (create.data) {
    return (
      <SecretDialog
        title={`The account ${create.data.email}`}
        description="This is its first password: pass it on and have it changed under Settings, Security. It is shown only now."
        label="password"
        secret={create.data.password}
        onClose={onClose}
      />
    )
  }
  const isComplete = name.trim() !== '' && email.includes('@')
  return (
    <FormDialog
      title="Create an account"
      description="It has no role yet: make it operator here, or a member on its tenant’s page. People may also be invited there."
      size="sm"
      submitLabel="Create"
      isPending={create.isPending}
      isIncomplete={!isComplete}
      onSubmit={() => create.mutate({ name, email })}
      onClose={onClose}
    >
      <TextField
        label="Name"
        value={name}
        onChange={setName}
        maxLength={80}
        autoFocus
        error={fieldError(create.error, 'name')}
      />
      <TextField
        label="E-mail"
        type="email"
        value={email}
        onChange={setEmail}
        maxLength={254}
        error={fieldError(create.error, 'email')}
      />
      {create.error && !isFieldError(create.error, ['name', 'email']) && (
        <ErrorMessage {...failure('The account was not created', create.error)} />
      )}
    </FormDialog>
  )
}
