'use client'

import { useMutation } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { toast } from 'sonner'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'

export interface RemoveDatastoreDialogProps {
  datastore: { id: string; name: string }
  onClose: () => void
}

/** Takes an empty datastore out, with what it left in its store. */
export function RemoveDatastoreDialog({ datastore, onClose }: RemoveDatastoreDialogProps) {
  const trpc = useTRPC()
  const router = useRouter()
  const [leaveFiles, setLeaveFiles] = useState(false)
  const [idempotencyKey, setIdempotencyKey] = useState(() => crypto.randomUUID())
  const remove = useMutation(
    trpc.datastore.remove.mutationOptions({
      onSuccess: () => {
        toast.success(`${datastore.name} is being removed`)
        onClose()
        router.push('/datastores')
      },
      onError: () => setIdempotencyKey(crypto.randomUUID()),
    }),
  )
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Remove ${datastore.name}?`}
      confirmLabel="Remove"
      typedName={datastore.name}
      isPending={remove.isPending}
      onConfirm={() => remove.mutate({ id: datastore.id, leaveFiles, idempotencyKey })}
      {...(remove.error ? { error: failure('The datastore was not removed', remove.error) } : {})}
    >
      <p>It holds no recovery point. Its own files in its store are deleted; others’ there stay.</p>
      <Checkbox
        isSelected={leaveFiles}
        onChange={setLeaveFiles}
        description="For a folder or bucket that is gone: nothing is deleted there."
      >
        Leave its files
      </Checkbox>
    </ConfirmDialog>
  )
}
