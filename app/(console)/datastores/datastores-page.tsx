'use client'

import { useQuery } from '@tanstack/react-query'
import { Archive, Plus } from 'lucide-react'
import { parseAsString, useQueryState } from 'nuqs'
import { useDatastoreCommands } from '#components/datastore/datastore-commands.tsx'
import { DatastoreStateBadge } from '#components/datastore/datastore-state-badge.tsx'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { DataTable } from '#components/ui/data-table.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { formatBytes, formatCount } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { type SortValue, useSortedRows } from '#components/ui/use-sorted-rows.ts'
import { locationText } from '#server/schema/store.ts'
import { AddDatastoreDialog } from './add-datastore-dialog.tsx'

type Datastore = Outputs['datastore']['list'][number]

const columns: DataColumn<Datastore>[] = [
  {
    id: 'name',
    header: 'Name',
    isSortable: true,
    widthPx: 180,
    grow: 1,
    cell: (each) => <Link href={`/datastores/${each.id}`}>{each.name}</Link>,
  },
  {
    id: 'state',
    header: 'State',
    isSortable: true,
    widthPx: 150,
    cell: (each) => (
      <span title={each.stateReason ?? undefined}>
        <DatastoreStateBadge {...each} />
      </span>
    ),
  },
  {
    id: 'place',
    header: 'Folder or bucket',
    isMono: true,
    widthPx: 240,
    grow: 2,
    cell: (each) => <span className="truncate">{locationText(each.location)}</span>,
  },
  {
    id: 'vms',
    header: 'VMs',
    isSortable: true,
    align: 'end',
    widthPx: 80,
    cell: (each) => formatCount(each.vms),
  },
  {
    id: 'points',
    header: 'Recovery points',
    isSortable: true,
    align: 'end',
    widthPx: 130,
    cell: (each) => formatCount(each.recoveryPoints),
  },
  {
    id: 'protected',
    header: 'Restorable',
    isSortable: true,
    align: 'end',
    widthPx: 110,
    cell: (each) => formatBytes(each.protectedBytes),
  },
  {
    id: 'stored',
    header: 'Stored',
    isSortable: true,
    align: 'end',
    widthPx: 110,
    cell: (each) => formatBytes(each.storedBytes),
  },
]
const sorts: Record<string, SortValue<Datastore>> = {
  name: (each) => each.name,
  state: (each) => `${each.state} ${each.damaged}`,
  vms: (each) => each.vms,
  points: (each) => each.recoveryPoints,
  protected: (each) => each.protectedBytes,
  stored: (each) => each.storedBytes,
}
const none: Datastore[] = []
const rowId = (each: Datastore) => each.id
const rowName = (each: Datastore) => each.name

/** Where backups lie, what they would restore and what they take. */
export function DatastoresPage() {
  const datastores = useQuery(useTRPC().datastore.list.queryOptions())
  const { rows, sort, onSortChange } = useSortedRows(datastores.data ?? none, sorts)
  const [adding, setAdding] = useQueryState('add', parseAsString.withDefault(''))
  const commands = useDatastoreCommands()
  const add = (variant: 'primary' | 'secondary') => (
    <Button variant={variant} icon={<Plus size={14} aria-hidden="true" />} onPress={() => void setAdding('yes')}>
      Add datastore
    </Button>
  )
  return (
    <>
      <PageHeader
        title="Datastores"
        meta="Backups are cut into pieces, sealed for their tenant, and stored once, however often they occur."
        actions={add('primary')}
      />
      <DataTable
        label="Datastores"
        columns={columns}
        rows={rows}
        rowId={rowId}
        rowName={rowName}
        rowMenu={commands.groups}
        sort={sort}
        onSortChange={onSortChange}
        isLoading={datastores.isPending}
        error={
          datastores.error &&
          pageFailure('The datastores could not be read', { ...datastores, error: datastores.error })
        }
        empty={
          <EmptyState
            icon={<Archive size={24} aria-hidden="true" />}
            title="No datastore yet"
            action={add('secondary')}
          >
            A datastore is a folder that the workers see or a bucket of an S3 store, best on other machines than the
            hosts.
          </EmptyState>
        }
        className="min-h-0 flex-1 border-t border-line"
      />
      {commands.dialogs}
      {adding && <AddDatastoreDialog onClose={() => void setAdding(null)} />}
    </>
  )
}
