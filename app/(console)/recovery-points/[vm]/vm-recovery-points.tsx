'use client'

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type ArchivedPoint, ArchivedPointList } from '#components/archive/archived-point-list.tsx'
import { BootTestCard } from '#components/boot-test/boot-test-card.tsx'
import { BootTestDialog } from '#components/boot-test/boot-test-dialog.tsx'
import { DeleteRecoveryPointDialog } from '#components/recovery-point/delete-recovery-point-dialog.tsx'
import { NewVmDialog } from '#components/recovery-point/new-vm-dialog.tsx'
import { type RecoveryPoint, RecoveryPointList } from '#components/recovery-point/recovery-point-list.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { Badge } from '#components/ui/badge.tsx'
import { Breadcrumb } from '#components/ui/breadcrumb.tsx'
import { Card } from '#components/ui/card.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatBytes, formatCount } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

/** What a VM that may be gone can be restored to. */
export function VmRecoveryPoints({ vmUuid }: { vmUuid: string }) {
  const query = useQuery(useTRPC().recoveryPoint.list.queryOptions({ vmUuid }))
  const [made, setMade] = useState<{ point: RecoveryPoint; isClone: boolean }>()
  const [tested, setTested] = useState<RecoveryPoint>()
  const [restoredFar, setRestoredFar] = useState<ArchivedPoint>()
  const [deleted, setDeleted] = useState<RecoveryPoint>()
  if (query.error) {
    return <ErrorMessage variant="page" title="Its recovery points could not be read" message={query.error.message} />
  }
  if (!query.data) return <SkeletonRows rows={6} />
  const { name, vmId, recoveryPoints, archived, bootTests, can } = query.data
  const [newest] = recoveryPoints
  const storedBytes = recoveryPoints.reduce((sum, point) => sum + point.storedBytes, 0)
  const isGone = vmId === null
  return (
    <>
      <PageHeader
        title={<Breadcrumb crumbs={[{ label: 'Recovery points', href: '/recovery-points' }, { label: name }]} />}
        state={isGone && <Badge tone="outline">gone</Badge>}
        meta={
          isGone ? (
            'The VM is deleted; what it can be restored to is kept until somebody deletes that too.'
          ) : (
            <span>
              The VM is there: <Link href={`/vms/${vmId}/backups`}>its Backups tab</Link> restores it in place.
            </span>
          )
        }
      />
      <div className="flex flex-col gap-4 px-4 pb-4">
        {(newest || bootTests.length > 0) && (
          <BootTestCard tests={bootTests} can={can} onTest={newest && (() => setTested(newest))} />
        )}
        {recoveryPoints.length > 0 && (
          <Card
            title={`${formatCount(recoveryPoints.length)} recovery ${recoveryPoints.length === 1 ? 'point' : 'points'}, ${formatBytes(storedBytes)} stored`}
            isFlush
            className="pb-1"
          >
            <RecoveryPointList
              recoveryPoints={recoveryPoints}
              bootTests={bootTests}
              can={can}
              onRestoreNew={(point) => setMade({ point, isClone: false })}
              onClone={(point) => setMade({ point, isClone: true })}
              onBootTest={setTested}
              onDelete={setDeleted}
            />
          </Card>
        )}
        {archived.length > 0 && (
          <Card title={`${formatCount(archived.length)} in the archive`} isFlush className="pb-1">
            <ArchivedPointList
              points={archived}
              restoreNewRefusal={can.restoreNew === true ? undefined : can.restoreNew}
              onRestoreNew={setRestoredFar}
            />
          </Card>
        )}
      </div>
      {restoredFar && (
        <NewVmDialog
          recoveryPoint={restoredFar}
          isClone={false}
          archived={restoredFar}
          isGone={isGone}
          onClose={() => setRestoredFar(undefined)}
        />
      )}
      {made && (
        <NewVmDialog
          recoveryPoint={made.point}
          isClone={made.isClone}
          isGone={isGone}
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
    </>
  )
}
