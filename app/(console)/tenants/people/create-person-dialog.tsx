'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { OneTimeText } from '#components/tenant/one-time-text.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure, fieldError, isFieldError } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { TextField } from '#components/ui/text-field.tsx'

/** An account with a first password that is shown once. */
export function CreatePersonDialog({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const create = useMutation(
    trpc.user.create.mutationOptions({
      onSuccess: () => client.invalidateQueries({ queryKey: trpc.user.pathKey() }),
    }),
  )
  if (create.data) {
    return (
      <Dialog
        isOpen
        onOpenChange={(isOpen) => !isOpen && onClose()}
        title={`${create.data.email} has an account`}
        description="This first password is shown now and never again. Pass it on, and have it changed in Settings."
        footer={
          <Button variant="primary" onPress={onClose}>
            Done
          </Button>
        }
      >
        <OneTimeText label="password" text={create.data.password} />
      </Dialog>
    )
  }
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title="Create an account"
      description="It belongs to no tenant yet. To bring somebody into a tenant, invite them there instead."
      size="sm"
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            variant="primary"
            type="submit"
            form="create-person"
            isPending={create.isPending}
            {...(name.trim() && email.includes('@') ? {} : { disabledReason: 'Give a name and an e-mail address' })}
          >
            Create
          </Button>
        </>
      }
    >
      <form
        id="create-person"
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() && email.includes('@')) create.mutate({ name, email })
        }}
      >
        <TextField label="Name" value={name} onChange={setName} autoFocus error={fieldError(create.error, 'name')} />
        <TextField
          label="E-mail"
          type="email"
          value={email}
          onChange={setEmail}
          error={fieldError(create.error, 'email')}
        />
        {create.error && !isFieldError(create.error, ['name', 'email']) && (
          <ErrorMessage {...failure('The account was not made', create.error)} />
        )}
      </form>
    </Dialog>
  )
}
