'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { DatastoreTest } from '#components/datastore/datastore-test.tsx'
import { OperationLine } from '#components/operation/operation-line.tsx'
import { useOperation } from '#components/operation/use-operation.ts'
import { emptyStoreDraft, typedCredential, typedLocation } from '#components/store/store-draft.ts'
import { StoreLocationFields } from '#components/store/store-location-fields.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
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
  const operation = useOperation(add.data?.operationId ?? null).data
  const input = AddDatastoreInput.safeParse({
    name,
    location: typedLocation(draft),
    credential: typedCredential(draft),
  })
  const error = refusal('It was not added', add.error)
  const isDone = operation?.state === 'succeeded'
  const close = () => {
    void client.invalidateQueries({ queryKey: trpc.datastore.pathKey() })
    onClose()
  }
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && close()}
      title="Add a datastore"
      description="Several may share one folder or bucket: each reads only what was written through it."
      size="lg"
      footer={
        isDone ? (
          <Button variant="primary" onPress={close}>
            Done
          </Button>
        ) : (
          <>
            <Button onPress={close}>Cancel</Button>
            <Button
              variant="primary"
              type="submit"
              form="add-datastore"
              isPending={add.isPending || operation?.state === 'running' || operation?.state === 'queued'}
              isDisabled={!input.success}
            >
              Add datastore
            </Button>
          </>
        )
      }
    >
      <form
        id="add-datastore"
        onSubmit={(event) => {
          event.preventDefault()
          if (input.success) add.mutate(input.data)
        }}
        className="flex flex-col gap-4"
      >
        <TextField label="Name" value={name} onChange={setName} autoFocus maxLength={60} isDisabled={isDone} />
        {!isDone && (
          <>
            <StoreLocationFields draft={draft} onChange={setDraft} />
            <DatastoreTest draft={draft} />
          </>
        )}
        {operation && (
          <ul className="rounded-md border border-line">
            <OperationLine operation={operation} />
          </ul>
        )}
        {error && <ErrorMessage {...error} />}
      </form>
    </Dialog>
  )
}
