'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { DatastoreTest } from '#components/datastore/datastore-test.tsx'
import { OperationDialog } from '#components/operation/operation-dialog.tsx'
import { emptyStoreDraft, typedCredential, typedLocation } from '#components/store/store-draft.ts'
import { StoreLocationFields } from '#components/store/store-location-fields.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { refusal } from '#components/vm/refusal.ts'
import { AddDatastoreInput } from '#server/schema/backup.ts'

/** Adds a folder or bucket; a worker writes to it before anything is kept. */
export function AddDatastoreDialog({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [draft, setDraft] = useState(emptyStoreDraft)
  const add = useMutation(trpc.datastore.add.mutationOptions())
  const input = AddDatastoreInput.safeParse({
    name,
    location: typedLocation(draft),
    credential: typedCredential(draft),
  })
  const error = refusal('It was not added', add.error)
  const close = () => {
    void client.invalidateQueries({ queryKey: trpc.datastore.pathKey() })
    onClose()
  }
  return (
    <OperationDialog
      title="Add a datastore"
      description="Several may share one folder or bucket: each reads only what was written through it."
      submitLabel="Add datastore"
      operationId={add.data?.operationId}
      isPending={add.isPending}
      isIncomplete={!input.success}
      error={error}
      onSubmit={() => input.success && add.mutate(input.data)}
      onClose={close}
    >
      {(isDone) => (
        <>
          <TextField label="Name" value={name} onChange={setName} autoFocus maxLength={60} isDisabled={isDone} />
          {!isDone && (
            <>
              <StoreLocationFields draft={draft} onChange={setDraft} />
              <DatastoreTest draft={draft} />
            </>
          )}
        </>
      )}
    </OperationDialog>
  )
}
