'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure, fieldError, isFieldError } from '#components/trpc/failure.ts'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { Select } from '#components/ui/select.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { SecretDialog } from '../secret-dialog.tsx'

const everything = 'everything'
const never = 'never'
const lifetimes = [
  { id: '7', label: '7 days' },
  { id: '30', label: '30 days' },
  { id: '90', label: '90 days' },
  { id: '365', label: 'A year' },
  { id: never, label: 'Never', detail: 'Until it is revoked' },
]

/** Makes a key, as narrow as wanted, and shows its secret once. */
export function ApiKeyDialog({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const me = useQuery(trpc.session.me.queryOptions())
  const places = useQuery(trpc.fleet.places.queryOptions())
  const [draft, setDraft] = useState({ name: '', tenantId: everything, lifetime: '90', readOnly: false })
  const create = useMutation(
    trpc.apiKey.create.mutationOptions({
      onSuccess: () => client.invalidateQueries({ queryKey: trpc.apiKey.list.queryKey() }),
    }),
  )
  if (create.data) {
    return (
      <SecretDialog
        title={`The key ${create.data.name}`}
        description="Copy it now: it is shown only this once, and Skerry keeps no copy that could be read."
        label="API key"
        secret={create.data.secret}
        onClose={onClose}
      />
    )
  }
  const tenants = me.data?.operator
    ? (places.data?.tenants ?? [])
    : (me.data?.memberships ?? []).map(({ tenantId, tenantName }) => ({ id: tenantId, name: tenantName }))
  const name = draft.name.trim()
  const submit = () => {
    create.mutate({
      name,
      readOnly: draft.readOnly,
      ...(draft.tenantId === everything ? {} : { tenantId: draft.tenantId }),
      ...(draft.lifetime === never ? {} : { expiresInDays: Number(draft.lifetime) }),
    })
  }
  return (
    <FormDialog
      title="Create an API key"
      size="sm"
      submitLabel="Create"
      isPending={create.isPending}
      isIncomplete={!name}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label="Name"
        description="What uses it: it shows in the audit."
        placeholder="nightly-report"
        value={draft.name}
        onChange={(name) => setDraft({ ...draft, name })}
        maxLength={80}
        autoFocus
        error={fieldError(create.error, 'name')}
      />
      <Select
        label="Reaches"
        options={[
          {
            id: everything,
            label: 'All that I may',
            detail: me.data?.operator ? 'The whole fleet' : 'In every tenant',
          },
          ...tenants.map((tenant) => ({ id: tenant.id, label: tenant.name, detail: 'This tenant alone' })),
        ]}
        value={draft.tenantId}
        onChange={(tenantId) => setDraft({ ...draft, tenantId })}
      />
      <Select
        label="Expires"
        options={lifetimes}
        value={draft.lifetime}
        onChange={(lifetime) => setDraft({ ...draft, lifetime })}
      />
      <Checkbox
        isSelected={draft.readOnly}
        onChange={(readOnly) => setDraft({ ...draft, readOnly })}
        description="It can look at everything it reaches and change nothing."
      >
        Read only
      </Checkbox>
      {create.error && !isFieldError(create.error, ['name']) && (
        <ErrorMessage {...failure('The key was not created', create.error)} />
      )}
    </FormDialog>
  )
}
