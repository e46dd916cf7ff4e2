'use client'

import { useState } from 'react'
import { Badge } from '#components/ui/badge.tsx'
import { Card } from '#components/ui/card.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { FittedTable } from '#components/ui/fitted-table.tsx'
import { formatBytes, formatCount, formatCounted } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { type SortValue, useSortedRows } from '#components/ui/use-sorted-rows.ts'
import type { Datastore } from './datastore-page.tsx'
import { PointsPanel } from './points-panel.tsx'
import { ratioText } from './space.ts'

type VmShare = Datastore['vms'][number]

/** What each tenant takes. */
export function ShareCard({ datastore: { shares, recoveryPoints } }: { datastore: Datastore }) {
  return (
    <Card title="By tenant" isFlush>
      {shares.length === 0 ? (
        <p className="px-4 pb-3 text-sm text-ink-muted">
          {recoveryPoints === 0
            ? 'Nobody has anything here.'
            : `What is here was not measured yet: ${formatCounted(recoveryPoints, 'recovery point')}.`}
        </p>
      ) : (
        <ul className="divide-y divide-line border-t border-line">
          {shares.map((share) => (
            <li key={share.id} className="flex items-baseline gap-3 px-4 py-2 text-sm">
              <span className="min-w-0 flex-1">
                <span className="block truncate">{share.tenantName ?? 'No tenant'}</span>
                <span className="block text-xs text-ink-faint">
                  {formatCounted(share.recoveryPoints, 'recovery point')}, {formatBytes(share.restorableBytes)}{' '}
                  restorable
                </span>
              </span>
              <span className="text-right">
                {formatBytes(share.storedBytes)}
                <span className="block text-xs text-ink-faint">
                  {ratioText(share.dedupRatio * share.compressionRatio)}
                  {share.deadBytes > 0 && `, ${formatBytes(share.deadBytes)} dead`}
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

const columns: DataColumn<VmShare>[] = [
  {
    id: 'vm',
    header: 'VM',
    isSortable: true,
    widthPx: 210,
    grow: 2,
    cell: (each) => (
      <span className="flex min-w-0 items-center gap-2">
        <span className="min-w-0 truncate">
          {each.vmId ? <Link href={`/vms/${each.vmId}/backups`}>{each.vmName}</Link> : each.vmName}
        </span>
        {!each.vmId && <Badge tone="outline">gone</Badge>}
        {each.hurt > 0 && <StateBadge state="failed" label={`${each.hurt} damaged`} />}
      </span>
    ),
  },
  { id: 'tenant', header: 'Tenant', isSortable: true, widthPx: 120, grow: 1, cell: (each) => each.tenantName ?? '–' },
  {
    id: 'points',
    header: 'Points',
    isSortable: true,
    align: 'end',
    widthPx: 76,
    cell: (each) => formatCount(each.points),
  },
  { id: 'last', header: 'Newest', isSortable: true, widthPx: 110, cell: (each) => <RelativeTime at={each.lastAt} /> },
  {
    id: 'restorable',
    header: 'Restorable',
    isSortable: true,
    align: 'end',
    widthPx: 104,
    cell: (each) => formatBytes(each.restorableBytes),
  },
  {
    id: 'own',
    header: 'Its own',
    isSortable: true,
    align: 'end',
    widthPx: 100,
    cell: (each) => formatBytes(each.ownBytes),
  },
]
const sorts: Record<string, SortValue<VmShare>> = {
  vm: (each) => each.vmName,
  tenant: (each) => each.tenantName ?? '',
  points: (each) => each.points,
  last: (each) => new Date(each.lastAt).getTime(),
  restorable: (each) => each.restorableBytes,
  own: (each) => each.ownBytes ?? -1,
}
const rowId = (each: VmShare) => `${each.vmUuid} ${each.tenantName}`
const rowName = (each: VmShare) => each.vmName

/** What each VM takes: what no other VM’s recovery points name; removing all of its own gives that back. */
export function VmShareCard({ datastore }: { datastore: Datastore }) {
  const { rows, sort, onSortChange } = useSortedRows(datastore.vms, sorts)
  const [shown, setShown] = useState<VmShare>()
  return (
    <Card title={`By VM, ${formatCounted(datastore.recoveryPoints, 'recovery point')}`} isFlush className="pb-1">
      <FittedTable
        label="By VM"
        columns={columns}
        rows={rows}
        rowId={rowId}
        rowName={rowName}
        sort={sort}
        onSortChange={onSortChange}
        rowMenu={(vm) => [
          { id: 'points', items: [{ id: 'points', label: 'Its recovery points', onAction: () => setShown(vm) }] },
        ]}
        empty={<p className="p-4 text-sm text-ink-muted">No recovery points yet.</p>}
        className="min-h-0 flex-1 border-t border-line"
      />
      {shown && <PointsPanel datastoreId={datastore.id} vm={shown} onClose={() => setShown(undefined)} />}
    </Card>
  )
}
