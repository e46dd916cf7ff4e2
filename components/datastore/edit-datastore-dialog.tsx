'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { toast } from 'sonner'
import { draftOf, typedCredential, typedLocation } from '#components/store/store-draft.ts'
import { StoreLocationFields } from '#components/store/store-location-fields.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { DatastoreName } from '#server/schema/backup.ts'
import { StoreLocation } from '#server/schema/store.ts'
import { DatastoreTest } from './datastore-test.tsx'

export interface EditedDatastore {
  id: string
  name: string
  location: StoreLocation
}

/** Changes how a datastore is named and reached. Its files are not moved: they must be there already. */
export function EditDatastoreDialog({ datastore, onClose }: { datastore: EditedDatastore; onClose: () => void }) {
  const trpc = useTRPC()
  const [name, setName] = useState(datastore.name)
  const [draft, setDraft] = useState(() => draftOf(datastore.location))
  const [idempotencyKey, setIdempotencyKey] = useState(() => crypto.randomUUID())
  const edit = useMutation(
    trpc.datastore.edit.mutationOptions({
      onSuccess: () => {
        toast.success(`${name} is being changed`, {
          description: 'A new place or secret takes over once it has been tried.',
        })
        onClose()
      },
      onError: () => setIdempotencyKey(crypto.randomUUID()),
    }),
  )
  const location = StoreLocation.safeParse(typedLocation(draft))
  const newName = DatastoreName.safeParse(name)
  const credential = typedCredential(draft)
  const isElsewhere = location.success && JSON.stringify(location.data) !== JSON.stringify(datastore.location)
  const changes = {
    ...(newName.success && newName.data !== datastore.name ? { name: newName.data } : {}),
    ...(isElsewhere ? { location: location.data } : {}),
    ...(credential ? { credential } : {}),
  }
  const isChanged = Object.keys(changes).length > 0
  return (
    <FormDialog
      title={`Edit ${datastore.name}`}
      description="A new place or secret is tried first, and this datastore’s files must be there: they are not moved."
      size="lg"
      submitLabel="Save"
      isPending={edit.isPending}
      isIncomplete={!location.success || !newName.success}
      disabledReason={isChanged ? undefined : 'Nothing is changed yet'}
      onSubmit={() => edit.mutate({ id: datastore.id, ...changes, idempotencyKey })}
      onClose={onClose}
    >
      <TextField label="Name" value={name} onChange={setName} autoFocus maxLength={60} />
      <StoreLocationFields draft={draft} onChange={setDraft} hasSecret={datastore.location.kind === 's3'} isKindFixed />
      <DatastoreTest draft={draft} datastoreId={datastore.id} />
      {edit.error && <ErrorMessage {...failure(`${datastore.name} was not changed`, edit.error)} />}
    </FormDialog>
  )
}
