'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure, fieldError } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { Section } from '#components/ui/card.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
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
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title="Create a tenant"
      description="People who run VMs of their own, within limits that you set."
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            variant="primary"
            type="submit"
            form="create-tenant"
            isPending={create.isPending}
            {...(name.trim() ? {} : { disabledReason: 'Give it a name' })}
          >
            Create tenant
          </Button>
        </>
      }
    >
      <form
        id="create-tenant"
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim()) create.mutate({ name, ...asQuota(quota) })
        }}
      >
        <TextField label="Name" value={name} onChange={setName} autoFocus maxLength={80} error={nameError} />
        <Section title="Quota" description="What all its VMs may have together.">
          <QuotaFields draft={quota} onChange={setQuota} />
        </Section>
        {create.error && !nameError && <ErrorMessage {...failure('The tenant was not created', create.error)} />}
      </form>
    </Dialog>
  )
}
