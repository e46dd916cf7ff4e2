'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import { refusal } from '#components/vm/refusal.ts'
import { suggestedName } from '#components/vm/snapshot-name.ts'
import type { Vm } from '../use-vm.ts'
import type { Snapshot, SnapshotPage } from './use-snapshots.ts'

interface RevertSnapshotDialogProps {
  vm: Vm
  page: SnapshotPage
  snapshot: Snapshot
  onClose: () => void
}

/** Leads the VM back, after its name was typed; keeps the present as a snapshot unless told not to. */
export function RevertSnapshotDialog({ vm, page, snapshot, onClose }: RevertSnapshotDialogProps) {
  const trpc = useTRPC()
  const cannotKeep = whyNot(page.can.take) ?? whyNot(vm.state === 'off' ? page.canHold.off : page.canHold.memory)
  const [isKept, setKept] = useState(cannotKeep === undefined)
  const [keepAs] = useState(() => suggestedName('before-revert-', page.snapshots))
  const revert = useMutation(trpc.snapshot.revert.mutationOptions({ onSuccess: onClose }))
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Revert ${vm.name} to ${snapshot.name}?`}
      confirmLabel="Revert"
      typedName={isKept ? undefined : vm.name}
      tone={isKept ? 'primary' : 'danger'}
      isPending={revert.isPending}
      onConfirm={() => revert.mutate({ vmId: vm.id, name: snapshot.name, keepAs: isKept ? keepAs : null })}
      error={refusal(`${vm.name} was not reverted`, revert.error)}
    >
      <p>
        Its disks {snapshot.withMemory ? 'and memory ' : ''}become what they were{' '}
        <RelativeTime at={snapshot.takenAt} className="font-medium text-ink" />
        {snapshot.withMemory
          ? '; it runs on from that moment, and whoever is connected to it is cut off.'
          : '; it is off afterwards and starts anew.'}{' '}
        {isKept
          ? 'What has changed since stays in the snapshot below.'
          : 'All that has changed since is lost for good.'}
      </p>
      {page.isBackedUp && <p>Its next backup reads all of its disks once more; nothing is stored twice.</p>}
      <Checkbox
        isSelected={isKept}
        onChange={setKept}
        isDisabled={cannotKeep !== undefined}
        description={cannotKeep ?? `Named ${keepAs}, so that you can come back to the present.`}
      >
        Take a snapshot of the present first
      </Checkbox>
    </ConfirmDialog>
  )
}
