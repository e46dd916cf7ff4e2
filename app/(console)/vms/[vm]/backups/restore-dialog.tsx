'use client'

import { useMutation } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { refusal } from '#components/vm/refusal.ts'
import type { Vm } from '../use-vm.ts'
import type { RecoveryPoint } from './use-backups.ts'

interface RestoreDialogProps {
  vm: Vm
  recoveryPoint: RecoveryPoint
  onClose: () => void
}

/** Leads the VM back in place; the present is kept as a recovery point, so it is no loss. */
export function RestoreDialog({ vm, recoveryPoint, onClose }: RestoreDialogProps) {
  const trpc = useTRPC()
  const restore = useMutation(trpc.backup.restore.mutationOptions({ onSuccess: onClose }))
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Restore ${vm.name}?`}
      confirmLabel="Restore"
      typedName={vm.name}
      tone="primary"
      isPending={restore.isPending}
      onConfirm={() => restore.mutate({ vmId: vm.id, recoveryPointId: recoveryPoint.id })}
      error={refusal(`${vm.name} was not restored`, restore.error)}
    >
      <p>
        Its disks become what they were <RelativeTime at={recoveryPoint.takenAt} className="font-medium text-ink" />. It
        stays the same VM, with its identity, addresses and settings.
      </p>
      <ol className="list-decimal pl-4">
        {vm.state !== 'off' && <li>The guest is asked to shut down.</li>}
        <li>What it is now is backed up to {recoveryPoint.datastore.name}, so that you can come back to it.</li>
        <li>Only the blocks that differ are written.</li>
        {vm.state !== 'off' && <li>It is started again.</li>}
      </ol>
    </ConfirmDialog>
  )
}
