'use client'

import { Archive } from 'lucide-react'
import { useState } from 'react'
import type { RecoveryPoint } from '#components/recovery-point/recovery-point-list.tsx'
import { RecoveryPoints } from '#components/recovery-point/recovery-points.tsx'
import { pageFailure, unread } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { BackUpDialog } from '#components/vm/back-up-dialog.tsx'
import { useVm } from '../use-vm.ts'
import { ArchivedPoints } from './archived-points.tsx'
import { RecoveryTimeline } from './recovery-timeline.tsx'
import { RestoreDialog } from './restore-dialog.tsx'
import { useBackups } from './use-backups.ts'
import { VmProtection } from './vm-protection.tsx'

/** What the VM can be restored to, away from its own disks. */
export function VmBackups() {
  const vm = useVm()
  const query = useBackups(vm.id)
  const [isBackingUp, setBackingUp] = useState(false)
  const [restored, setRestored] = useState<RecoveryPoint>()
  const failed = unread(query)
  if (failed) return <ErrorMessage {...pageFailure('Backups could not be read', failed)} />
  const page = query.data
  if (!page) return <SkeletonRows rows={6} />
  const { recoveryPoints, bootTests, datastores, can } = page
  const noStore =
    datastores.length === 0 ? 'There is no datastore yet: an operator adds one under Datastores.' : undefined
  const backUp = (
    <Button
      size="sm"
      variant={recoveryPoints.length === 0 ? 'primary' : 'secondary'}
      icon={<Archive size={14} aria-hidden="true" />}
      disabledReason={can.backUp === true ? noStore : can.backUp}
      onPress={() => setBackingUp(true)}
    >
      Back up now…
    </Button>
  )
  return (
    <div className="flex flex-col gap-4">
      <VmProtection vm={vm} />
      <RecoveryTimeline vm={vm} page={page} onRestore={setRestored} />
      <RecoveryPoints
        recoveryPoints={recoveryPoints}
        bootTests={bootTests}
        can={can}
        isGone={false}
        onRestore={setRestored}
        actions={backUp}
        empty={
          <Card title="Recovery points" isFlush className="pb-1">
            <EmptyState icon={<Archive size={24} aria-hidden="true" />} title="No backups" action={backUp}>
              {noStore ??
                'A backup is a copy of the disks in a datastore, sealed for the tenant. After the first one only what has changed is read.'}
            </EmptyState>
          </Card>
        }
      />
      <ArchivedPoints vm={vm} page={page} />
      {isBackingUp && <BackUpDialog vm={vm} onClose={() => setBackingUp(false)} />}
      {restored && <RestoreDialog vm={vm} recoveryPoint={restored} onClose={() => setRestored(undefined)} />}
    </div>
  )
}
