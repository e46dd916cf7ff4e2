'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { formatRelativeTime } from '#components/ui/format.ts'
import { refusal } from '#components/vm/refusal.ts'
import { withThoseAfter } from '#server/schema/snapshot.ts'
import type { Vm } from '../use-vm.ts'
import type { Snapshot, SnapshotPage } from './use-snapshots.ts'

interface DeleteSnapshotDialogProps {
  vm: Vm
  page: SnapshotPage
  snapshot: Snapshot
  onClose: () => void
}

/** Deletes a snapshot, alone or with all that were taken after it; the VM itself stays as it is. */
export function DeleteSnapshotDialog({ vm, page, snapshot, onClose }: DeleteSnapshotDialogProps) {
  const trpc = useTRPC()
  const [withChildren, setWithChildren] = useState(false)
  const remove = useMutation(trpc.snapshot.delete.mutationOptions({ onSuccess: onClose }))
  const withAfter = withThoseAfter(snapshot, page.snapshots)
  const after = withAfter.slice(1)
  const going = withChildren ? withAfter : [snapshot]
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Delete the snapshot ${snapshot.name}?`}
      confirmLabel={going.length === 1 ? 'Delete' : `Delete ${going.length} snapshots`}
      goesWith={
        withChildren
          ? going.map(({ name, takenAt }) => ({
              label: name,
              detail: formatRelativeTime(new Date(takenAt).getTime(), Date.now()),
            }))
          : undefined
      }
      isPending={remove.isPending}
      onConfirm={() => remove.mutate({ vmId: vm.id, name: snapshot.name, withChildren })}
      error={refusal('It was not deleted', remove.error)}
    >
      <p>
        {vm.name} stays as it is now, but nobody can go back to that moment any more.
        {after.length > 0 && !withChildren && ' Those taken after it stay too.'}
      </p>
      {after.length > 0 && (
        <Checkbox isSelected={withChildren} onChange={setWithChildren}>
          {after.length === 1 ? 'Also the one taken after it' : `Also the ${after.length} taken after it`}
        </Checkbox>
      )}
    </ConfirmDialog>
  )
}
