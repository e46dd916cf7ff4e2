'use client'

import { Archive } from 'lucide-react'
import { useState } from 'react'
import { BootTestCard } from '#components/boot-test/boot-test-card.tsx'
import { BootTestDialog } from '#components/boot-test/boot-test-dialog.tsx'
import { DeleteRecoveryPointDialog } from '#components/recovery-point/delete-recovery-point-dialog.tsx'
import { NewVmDialog } from '#components/recovery-point/new-vm-dialog.tsx'
import { type RecoveryPoint, RecoveryPointList } from '#components/recovery-point/recovery-point-list.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatBytes, formatCount } from '#components/ui/format.ts'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { useVm } from '../use-vm.ts'
import { ArchivedPoints } from './archived-points.tsx'
import { BackUpDialog } from './back-up-dialog.tsx'
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
  const [made, setMade] = useState<{ point: RecoveryPoint; isClone: boolean }>()
  const [tested, setTested] = useState<RecoveryPoint>()
  const [deleted, setDeleted] = useState<RecoveryPoint>()
  if (query.error) {
    return <ErrorMessage variant="page" title="Backups could not be read" message={query.error.message} />
  }
  const page = query.data
  if (!page) return <SkeletonRows rows={6} />
  const { recoveryPoints, bootTests, datastores, can } = page
  const [newest] = recoveryPoints
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
  const storedBytes = recoveryPoints.reduce((sum, point) => sum + point.storedBytes, 0)
  return (
    <div className="flex flex-col gap-4">
      <VmProtection vm={vm} />
      <RecoveryTimeline vm={vm} page={page} onRestore={setRestored} />
      {(newest || bootTests.length > 0) && (
        <BootTestCard tests={bootTests} can={can} onTest={newest && (() => setTested(newest))} />
      )}
      <Card
        title={
          recoveryPoints.length === 0
            ? 'Recovery points'
            : `${formatCount(recoveryPoints.length)} recovery ${recoveryPoints.length === 1 ? 'point' : 'points'}, ${formatBytes(storedBytes)} stored`
        }
        isFlush
        actions={recoveryPoints.length > 0 && backUp}
        className="pb-1"
      >
        {recoveryPoints.length === 0 ? (
          <EmptyState icon={<Archive size={24} aria-hidden="true" />} title="No backups" action={backUp}>
            {noStore ??
              'A backup is a copy of the disks in a datastore, sealed for the tenant. After the first one only what has changed is read.'}
          </EmptyState>
        ) : (
          <RecoveryPointList
            recoveryPoints={recoveryPoints}
            bootTests={bootTests}
            can={can}
            onRestore={setRestored}
            onRestoreNew={(point) => setMade({ point, isClone: false })}
            onClone={(point) => setMade({ point, isClone: true })}
            onBootTest={setTested}
            onDelete={setDeleted}
          />
        )}
        {isBackingUp && <BackUpDialog vm={vm} page={page} onClose={() => setBackingUp(false)} />}
        {restored && <RestoreDialog vm={vm} recoveryPoint={restored} onClose={() => setRestored(undefined)} />}
        {made && (
          <NewVmDialog
            recoveryPoint={made.point}
            isClone={made.isClone}
            isGone={false}
            onClose={() => setMade(undefined)}
          />
        )}
        {tested && <BootTestDialog recoveryPoint={tested} onClose={() => setTested(undefined)} />}
        {deleted && (
          <DeleteRecoveryPointDialog
            recoveryPoints={recoveryPoints}
            recoveryPoint={deleted}
            onClose={() => setDeleted(undefined)}
          />
        )}
      </Card>
      <ArchivedPoints vm={vm} page={page} />
    </div>
  )
}
