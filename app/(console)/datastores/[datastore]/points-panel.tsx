'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { Badge } from '#components/ui/badge.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatAbsoluteTime, formatBytes } from '#components/ui/format.ts'
import { SidePanel } from '#components/ui/side-panel.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'

interface PointsPanelProps {
  datastoreId: string
  vm: { vmUuid: string; vmName: string }
  onClose: () => void
}

/** One VM's recovery points here, each with what only it names and what it shares. */
export function PointsPanel({ datastoreId, vm, onClose }: PointsPanelProps) {
  const query = useQuery(useTRPC().datastore.recoveryPoints.queryOptions({ id: datastoreId, vmUuid: vm.vmUuid }))
  return (
    <SidePanel isOpen onOpenChange={(isOpen) => !isOpen && onClose()} title={`Recovery points of ${vm.vmName}`}>
      {query.error && <ErrorMessage {...failure('They could not be read', query.error)} />}
      {query.isPending && <SkeletonRows rows={5} />}
      <ul className="divide-y divide-line text-sm">
        {query.data?.map((point) => (
          <li key={point.id} className="flex flex-col gap-0.5 py-2">
            <span className="flex items-center gap-2">
              <span className="flex-1 font-medium">{formatAbsoluteTime(new Date(point.takenAt).getTime())}</span>
              <Badge tone="outline">{point.reading}</Badge>
            </span>
            <span className="text-xs text-ink-muted">
              {point.uniqueBytes === null
                ? 'Not measured yet'
                : `${formatBytes(point.uniqueBytes)} of its own, ${formatBytes(point.sharedBytes)} shared with others`}
            </span>
            {point.damage && (
              <span className="flex flex-col gap-0.5 text-xs">
                <StateBadge state="failed" label="Damaged" variant="plain" />
                {point.damage}
              </span>
            )}
          </li>
        ))}
      </ul>
    </SidePanel>
  )
}
