'use client'

import type { RecoveryPoint } from '#components/recovery-point/recovery-point-list.tsx'
import { isUnreachable } from '#components/trpc/unreachable.ts'
import { InlineUnread } from '#components/trpc/unread-notice.tsx'
import { Spinner } from '#components/ui/spinner.tsx'
import type { Vm } from '../use-vm.ts'
import { RestoreConfirm } from './restore-confirm.tsx'
import { estimateOf, estimateSentence, rateSentence } from './restore-words.ts'
import { type RestoreMeasuring, useRestoreMeasure } from './use-restore-measure.ts'

interface RestoreDialogProps {
  vm: Vm
  recoveryPoint: RecoveryPoint
  onClose: () => void
}

/** Leads the VM back in place; what changes by that is said first, and the present is kept, so it is no loss. */
export function RestoreDialog({ vm, recoveryPoint, onClose }: RestoreDialogProps) {
  const measuring = useRestoreMeasure(vm.id, recoveryPoint.id)
  return (
    <RestoreConfirm
      vm={vm}
      point={recoveryPoint}
      title={`Restore ${vm.name}?`}
      measure={measuring.measure}
      obstacle={
        isUnreachable(measuring.unasked?.error) ? 'What will change is not known: ask that again first' : undefined
      }
      about={() => 'It stays the same VM, with its identity, addresses and settings.'}
      onClose={onClose}
    >
      {(chosen) => (
        <>
          <WhatChanges {...measuring} chosen={chosen} isOff={vm.state === 'off'} />
          <ol className="list-decimal pl-4">
            {vm.state !== 'off' && <li>The guest is asked to shut down.</li>}
            <li>What it is now is backed up to {recoveryPoint.datastore.name}, so that you can come back to it.</li>
            <li>Only the blocks that differ are written.</li>
            {vm.state !== 'off' && <li>It is started again.</li>}
          </ol>
        </>
      )}
    </RestoreConfirm>
  )
}

interface WhatChangesProps extends RestoreMeasuring {
  chosen: readonly string[]
  isOff: boolean
}

/** How much is written and how long that takes, or why it is not known. */
function WhatChanges({ measure, isMeasuring, problem, unasked, chosen, isOff }: WhatChangesProps) {
  if (unasked) {
    return (
      <InlineUnread query={unasked} className="text-xs">
        What will change could not be asked.
      </InlineUnread>
    )
  }
  const estimate = measure && estimateOf(measure, chosen)
  return (
    <div role="status" className="text-xs">
      {isMeasuring ? (
        <span className="flex items-center gap-2">
          <Spinner sizePx={12} /> Comparing, to say what will change…
        </span>
      ) : measure && estimate ? (
        <>
          <p className="font-medium text-ink">{estimateSentence(estimate)}</p>
          <p className="mt-0.5 text-ink-faint">
            {estimate.writeBytes > 0 && rateSentence(measure, estimate)}
            {!isOff && ' The guest’s shutting down and starting comes on top.'}
          </p>
        </>
      ) : (
        <p>What will change is not known: {problem}</p>
      )}
    </div>
  )
}
