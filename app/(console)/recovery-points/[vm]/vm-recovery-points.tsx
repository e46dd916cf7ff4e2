'use client'

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type ArchivedPoint, ArchivedPointList } from '#components/archive/archived-point-list.tsx'
import { NewVmDialog } from '#components/recovery-point/new-vm-dialog.tsx'
import { RecoveryPoints } from '#components/recovery-point/recovery-points.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure, unread } from '#components/trpc/failure.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Breadcrumb } from '#components/ui/breadcrumb.tsx'
import { Card } from '#components/ui/card.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatCount } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { whyNot } from '#components/ui/why-not.ts'

/** What a VM that may be gone can be restored to. */
export function VmRecoveryPoints({ vmUuid }: { vmUuid: string }) {
  const query = useQuery(useTRPC().recoveryPoint.list.queryOptions({ vmUuid }))
  const [far, setFar] = useState<{ isClone: boolean; point: ArchivedPoint }>()
  const failed = unread(query)
  if (failed) return <ErrorMessage {...pageFailure('Its recovery points could not be read', failed)} />
  if (!query.data) return <SkeletonRows rows={6} />
  const { name, vmId, recoveryPoints, archived, bootTests, can } = query.data
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
        <RecoveryPoints recoveryPoints={recoveryPoints} bootTests={bootTests} can={can} isGone={isGone} />
        {archived.length > 0 && (
          <Card title={`${formatCount(archived.length)} in the archive`} isFlush className="pb-1">
            <ArchivedPointList
              points={archived}
              restoreNewRefusal={whyNot(can.restoreNew)}
              onRestoreNew={(point) => setFar({ isClone: false, point })}
              onClone={(point) => setFar({ isClone: true, point })}
            />
          </Card>
        )}
      </div>
      {far && (
        <NewVmDialog
          recoveryPoint={far.point}
          isClone={far.isClone}
          archived={far.point}
          isGone={isGone}
          onClose={() => setFar(undefined)}
        />
      )}
    </>
  )
}
