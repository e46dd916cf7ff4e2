'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { OperationLine } from '#components/operation/operation-line.tsx'
import { useOperation } from '#components/operation/use-operation.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { refusal } from '#components/vm/refusal.ts'
import { AddDatastoreInput } from '#server/schema/backup.ts'

/** Adds a folder; a worker writes to it before anything is kept. */
export function AddDatastoreDialog({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [path, setPath] = useState('')
  const add = useMutation(trpc.datastore.add.mutationOptions())
  const operation = useOperation(add.data?.operationId ?? null).data
  const input = AddDatastoreInput.safeParse({ name, location: { kind: 'folder', path } })
  const pathProblem = path === '' ? undefined : input.error?.issues.find(({ path: [at] }) => at === 'location')?.message
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
      description="Several may share one folder: each reads only what was written through it."
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
        <TextField
          label="Folder"
          value={path}
          onChange={setPath}
          isMono
          isDisabled={isDone}
          placeholder="/srv/backup"
          error={pathProblem}
          description="As the workers see it. It is made when it is not there."
        />
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
