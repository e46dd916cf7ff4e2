'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure, fieldError } from '#components/trpc/failure.ts'
import { Section } from '#components/ui/card.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { asQuota, QuotaFields, usualQuota } from './quota-fields.tsx'

/** A new tenant with its limits. */
export function CreateTenantDialog({ onClose, onCreated }: { onClose: () => void; onCreated: (id: string) => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [quota, setQuota] = useState(usualQuota)
  const create = useMutation(
    trpc.tenant.create.mutationOptions({
      onSuccess: ({ id }) => {
        for (const key of [trpc.tenant.pathKey(), trpc.fleet.pathKey()])
          void client.invalidateQueries({ queryKey: key })
        onCreated(id)
      },
    }),
  )
  const nameError = fieldError(create.error, 'name')
  return (
    <FormDialog
      title="Create a tenant"
      description="People who run VMs of their own, within limits that you set."
      submitLabel="Create tenant"
      isPending={create.isPending}
      disabledReason={name.trim() ? undefined : 'Give it a name'}
      onSubmit={() => create.mutate({ name, ...asQuota(quota) })}
      onClose={onClose}
    >
      <TextField label="Name" value={name} onChange={setName} autoFocus maxLength={80} error={nameError} />
      <Section title="Quota" description="What all its VMs may have together.">
        <QuotaFields draft={quota} onChange={setQuota} />
      </Section>
      {create.error && !nameError && <ErrorMessage {...failure('The tenant was not created', create.error)} />}
    </FormDialog>
  )
}
