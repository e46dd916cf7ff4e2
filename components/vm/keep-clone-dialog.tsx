'use client'

import { useMutation } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { refusal } from './refusal.ts'

interface KeepCloneDialogProps {
  vm: { id: string; name: string }
  onClose: () => void
}

/** Copies the disks of a clone, with what they share. */
export function KeepCloneDialog({ vm, onClose }: KeepCloneDialogProps) {
  const trpc = useTRPC()
  const keep = useMutation(trpc.vm.keep.mutationOptions({ onSuccess: onClose }))
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      tone="primary"
      title={`Keep ${vm.name} on its own?`}
      confirmLabel="Keep on its own"
      onConfirm={() => keep.mutate({ id: vm.id })}
      isPending={keep.isPending}
      error={refusal('It shares as before', keep.error)}
    >
      <p>
        Its disks are copied whole, with what they share with its recovery point, while it runs on. Then it is a VM like
        any other: it can move, be backed up and have snapshots, and the recovery point may go.
      </p>
      <p>
        The copies take the room of all that is in its disks, and what it has now goes only after that. Of one that
        stands in an archive all that it has not read lately is fetched, and paid for. You can cancel at any time; a
        disk that is not copied to its end is copied anew the next time.
      </p>
    </ConfirmDialog>
  )
}
