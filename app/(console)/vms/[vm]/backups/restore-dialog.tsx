'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { RecoveryPoint } from '#components/recovery-point/recovery-point-list.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { Spinner } from '#components/ui/spinner.tsx'
import { refusal } from '#components/vm/refusal.ts'
import { RecoveryDisks } from '#server/schema/backup.ts'
import type { Vm } from '../use-vm.ts'
import { RestoreDisks } from './restore-disks.tsx'
import { estimateOf, estimateSentence, rateSentence } from './restore-words.ts'
import { useRestoreMeasure } from './use-restore-measure.ts'

interface RestoreDialogProps {
  vm: Vm
  recoveryPoint: RecoveryPoint
  onClose: () => void
}

/** Leads the VM back in place; what changes by that is said first, and the present is kept, so it is no loss. */
export function RestoreDialog({ vm, recoveryPoint, onClose }: RestoreDialogProps) {
  const trpc = useTRPC()
  const restore = useMutation(trpc.backup.restore.mutationOptions({ onSuccess: onClose }))
  const { measure, isMeasuring, problem } = useRestoreMeasure(vm.id, recoveryPoint.id)
  const disks = RecoveryDisks.safeParse(recoveryPoint.disks).data ?? []
  const [picked, setPicked] = useState<string[]>(disks.map(({ target }) => target))
  const barred = measure?.disks.filter(({ obstacle }) => obstacle !== null).map(({ target }) => target) ?? []
  const chosen = picked.filter((target) => !barred.includes(target))
  const isAll = chosen.length === disks.length
  const estimate = measure && estimateOf(measure, chosen)
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Restore ${vm.name}?`}
      confirmLabel="Restore"
      typedName={vm.name}
      tone="primary"
      isPending={restore.isPending}
      disabledReason={chosen.length === 0 ? 'Choose a disk first' : undefined}
      onConfirm={() =>
        restore.mutate({ vmId: vm.id, recoveryPointId: recoveryPoint.id, ...(isAll ? {} : { disks: chosen }) })
      }
      error={refusal(`${vm.name} was not restored`, restore.error)}
    >
      <p>
        {isAll ? 'Its disks become' : 'The chosen disks become'} what they were{' '}
        <RelativeTime at={recoveryPoint.takenAt} className="font-medium text-ink" />. It stays the same VM, with its
        identity, addresses and settings.
      </p>
      <RestoreDisks disks={disks} measure={measure} chosen={chosen} onChange={setPicked} />
      <div role="status" className="text-xs">
        {isMeasuring ? (
          <span className="flex items-center gap-2">
            <Spinner sizePx={12} /> Comparing, to say what will change…
          </span>
        ) : measure && estimate ? (
          <>
            <p className="font-medium text-ink">{estimateSentence(estimate)}</p>
            <p className="mt-0.5 text-ink-faint">
              {rateSentence(measure, estimate)}
              {vm.state !== 'off' && ' The guest’s shutting down and starting comes on top.'}
            </p>
          </>
        ) : (
          <p>What will change is not known: {problem}</p>
        )}
      </div>
      <ol className="list-decimal pl-4">
        {vm.state !== 'off' && <li>The guest is asked to shut down.</li>}
        <li>What it is now is backed up to {recoveryPoint.datastore.name}, so that you can come back to it.</li>
        <li>Only the blocks that differ are written.</li>
        {vm.state !== 'off' && <li>It is started again.</li>}
      </ol>
    </ConfirmDialog>
  )
}
