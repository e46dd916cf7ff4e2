'use client'

import { Camera } from 'lucide-react'
import { useState } from 'react'
import { pageFailure, unread } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import { TakeSnapshotDialog } from '#components/vm/take-snapshot-dialog.tsx'
import { useVm } from '../use-vm.ts'
import { DeleteSnapshotDialog } from './delete-snapshot-dialog.tsx'
import { RevertSnapshotDialog } from './revert-snapshot-dialog.tsx'
import { SchedulesCard } from './schedules-card.tsx'
import { SnapshotTree } from './snapshot-tree.tsx'
import { type Snapshot, useSnapshots } from './use-snapshots.ts'

type Asked = { kind: 'take' } | { kind: 'revert' | 'delete'; snapshot: Snapshot }

/** What the VM can go back to, and what takes its snapshots by itself. */
export function VmSnapshots() {
  const vm = useVm()
  const query = useSnapshots(vm.id)
  const [asked, setAsked] = useState<Asked>()
  const close = () => setAsked(undefined)
  const failed = unread(query)
  if (failed) return <ErrorMessage {...pageFailure('Snapshots could not be read', failed)} />
  const page = query.data
  if (!page) return <SkeletonRows rows={6} />
  const { take } = page.can
  const takeButton = (
    <Button
      variant={page.snapshots.length === 0 ? 'primary' : 'secondary'}
      size="sm"
      icon={<Camera size={14} aria-hidden="true" />}
      disabledReason={whyNot(take)}
      onPress={() => setAsked({ kind: 'take' })}
    >
      Take snapshot…
    </Button>
  )
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_380px]">
      <Card title="Snapshots" isFlush actions={page.snapshots.length > 0 && takeButton} className="pb-1">
        {page.snapshots.length === 0 ? (
          <EmptyState icon={<Camera size={24} aria-hidden="true" />} title="No snapshots" action={takeButton}>
            A snapshot keeps the VM as it is at one moment, on its own disks, so that you can go back after a change
            that went wrong. It does not survive the loss of the disk: that takes a backup.
          </EmptyState>
        ) : (
          <SnapshotTree
            vm={vm}
            snapshots={page.snapshots}
            onRevert={(snapshot) => setAsked({ kind: 'revert', snapshot })}
            onDelete={(snapshot) => setAsked({ kind: 'delete', snapshot })}
          />
        )}
      </Card>
      <SchedulesCard vm={vm} page={page} />
      {asked?.kind === 'take' && <TakeSnapshotDialog vm={vm} onClose={close} />}
      {asked?.kind === 'revert' && (
        <RevertSnapshotDialog vm={vm} page={page} snapshot={asked.snapshot} onClose={close} />
      )}
      {asked?.kind === 'delete' && (
        <DeleteSnapshotDialog vm={vm} page={page} snapshot={asked.snapshot} onClose={close} />
      )}
    </div>
  )
}
