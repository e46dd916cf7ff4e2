'use client'

import { useMutation } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { refusal } from '#components/vm/refusal.ts'
import type { RecoveryPoint } from './recovery-point-list.tsx'

interface DeleteRecoveryPointDialogProps {
  /** All that its VM has */
  recoveryPoints: readonly RecoveryPoint[]
  recoveryPoint: RecoveryPoint
  onClose: () => void
}

/** Deletes a recovery point for good; the only one takes the VM's name to confirm. */
export function DeleteRecoveryPointDialog({ recoveryPoints, recoveryPoint, onClose }: DeleteRecoveryPointDialogProps) {
  const trpc = useTRPC()
  const remove = useMutation(trpc.backup.remove.mutationOptions({ onSuccess: onClose }))
  const { id, datastore, vmName } = recoveryPoint
  const others = recoveryPoints.filter((point) => point.id !== id)
  const isOnly = others.length === 0
  const isNewest = recoveryPoints.find((point) => point.datastore.id === datastore.id)?.id === id
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={isOnly ? `Delete the only backup of ${vmName}?` : 'Delete this recovery point?'}
      confirmLabel="Delete"
      typedName={isOnly ? vmName : undefined}
      isPending={remove.isPending}
      onConfirm={() => remove.mutate({ ids: [id] })}
      error={refusal('It was not deleted', remove.error)}
    >
      <p>
        Nobody can restore {vmName} to{' '}
        <RelativeTime at={recoveryPoint.takenAt} isExact className="font-medium text-ink" /> from {datastore.name} any
        more.{' '}
        {isOnly
          ? 'Nothing else is left that it could be restored to.'
          : `The other ${
              others.length === 1 ? 'recovery point stays' : `${others.length} recovery points stay`
            } whole.`}
      </p>
      {isNewest && (
        <p>
          What has changed since is told from this one, so the next backup to {datastore.name} reads every block. What
          the datastore has already is not stored again.
        </p>
      )}
    </ConfirmDialog>
  )
}
