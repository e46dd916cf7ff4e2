'use client'

import { useQuery } from '@tanstack/react-query'
import { History } from 'lucide-react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { Badge } from '#components/ui/badge.tsx'
import { DataTable } from '#components/ui/data-table.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { formatBytes, formatCount } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { type SortValue, useSortedRows } from '#components/ui/use-sorted-rows.ts'

type RestorableVm = Outputs['recoveryPoint']['vms'][number]

const hrefOf = ({ vmId, vmUuid }: RestorableVm) => (vmId ? `/vms/${vmId}/backups` : `/recovery-points/${vmUuid}`)

const columns: DataColumn<RestorableVm>[] = [
  {
    ...{ id: 'name', header: 'VM', isSortable: true, widthPx: 220, grow: 2 },
    cell: (vm) => (
      <span className="flex min-w-0 items-center gap-2">
        <Link href={hrefOf(vm)}>{vm.name}</Link>
        {vm.vmId === null && <Badge tone="outline">gone</Badge>}
      </span>
    ),
  },
  {
    ...{ id: 'points', header: 'Recovery points', isSortable: true, align: 'end', widthPx: 130 },
    cell: (vm) => formatCount(vm.recoveryPoints),
  },
  {
    ...{ id: 'archived', header: 'Archived', isSortable: true, align: 'end', widthPx: 110 },
    cell: (vm) => formatCount(vm.archived),
  },
  {
    ...{ id: 'newest', header: 'Newest', isSortable: true, widthPx: 130, grow: 1 },
    cell: (vm) => <RelativeTime at={vm.newestAt} />,
  },
  {
    ...{ id: 'oldest', header: 'Oldest', isSortable: true, widthPx: 130, grow: 1 },
    cell: (vm) => <RelativeTime at={vm.oldestAt} />,
  },
  {
    ...{ id: 'stored', header: 'Stored', isSortable: true, align: 'end', widthPx: 110 },
    cell: (vm) => formatBytes(vm.storedBytes),
  },
]
const sorts: Record<string, SortValue<RestorableVm>> = {
  name: (vm) => vm.name,
  points: (vm) => vm.recoveryPoints,
  archived: (vm) => vm.archived,
  newest: (vm) => new Date(vm.newestAt).getTime(),
  oldest: (vm) => new Date(vm.oldestAt).getTime(),
  stored: (vm) => vm.storedBytes,
}
const none: RestorableVm[] = []
const rowId = (vm: RestorableVm) => `${vm.vmUuid} ${vm.tenantId}`
const rowName = (vm: RestorableVm) => vm.name

/** Every VM that can be restored, those that are gone first. */
export function RecoveryPointsPage() {
  const vms = useQuery(useTRPC().recoveryPoint.vms.queryOptions())
  const { rows, sort, onSortChange } = useSortedRows(vms.data ?? none, sorts)
  const gone = vms.data?.filter(({ vmId }) => vmId === null).length ?? 0
  return (
    <>
      <PageHeader
        title="Recovery points"
        meta={
          gone === 0
            ? 'What VMs can be restored to. Those of a VM that is deleted stay here.'
            : `What VMs can be restored to, ${formatCount(gone)} of them gone.`
        }
      />
      <DataTable
        label="VMs with recovery points"
        columns={columns}
        rows={rows}
        rowId={rowId}
        rowName={rowName}
        sort={sort}
        onSortChange={onSortChange}
        isLoading={vms.isPending}
        error={vms.error && pageFailure('The recovery points could not be read', { ...vms, error: vms.error })}
        empty={
          <EmptyState icon={<History size={24} aria-hidden="true" />} title="No recovery points">
            Back a VM up on its Backups tab, or have a protection policy do it.
          </EmptyState>
        }
        className="min-h-0 flex-1 border-t border-line"
      />
    </>
  )
}
