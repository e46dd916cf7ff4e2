'use client'

import { useQuery } from '@tanstack/react-query'
import { HardDrive } from 'lucide-react'
import { parseAsString, useQueryStates } from 'nuqs'
import { useMemo } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { DataTable } from '#components/ui/data-table.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { SearchField } from '#components/ui/search-field.tsx'
import { Toolbar } from '#components/ui/toolbar.tsx'
import { useSortedRows } from '#components/ui/use-sorted-rows.ts'
import { storageColumns, storageSorts } from './storage-columns.tsx'
import { StorageDialog } from './storage-dialog.tsx'
import { groupPools, type StorageGroup } from './storage-group.ts'

const params = { open: parseAsString.withDefault(''), text: parseAsString.withDefault('') }
const rowId = (group: StorageGroup) => group.id
const rowName = (group: StorageGroup) => group.name
const rowHref = (group: StorageGroup) => `/storage?open=${encodeURIComponent(group.id)}`

/** Where disks lie: every storage pool, shared ones once. */
export function StoragePage() {
  const trpc = useTRPC()
  const [view, setView] = useQueryStates(params, { history: 'replace' })
  const pools = useQuery(trpc.storage.list.queryOptions())
  const groups = useMemo(() => groupPools(pools.data ?? []), [pools.data])
  const found = useMemo(() => {
    const wanted = view.text.toLowerCase()
    return groups.filter((group) =>
      [group.name, group.path, ...group.pools.map((pool) => pool.host.name)].some((part) =>
        part?.toLowerCase().includes(wanted),
      ),
    )
  }, [groups, view.text])
  const { rows, sort, rowsOf, onSortChange } = useSortedRows(found, storageSorts, view.text)
  const opened = groups.find((group) => group.id === view.open)
  return (
    <>
      <PageHeader title="Storage" meta="Storage that several hosts share is listed once." />
      <Toolbar label="Find storage" className="border-t border-line">
        <SearchField
          label="Find storage"
          placeholder="Name, host, path…"
          value={view.text}
          onChange={(text) => void setView({ text: text || null })}
          className="w-full sm:w-72"
        />
      </Toolbar>
      <DataTable
        label="Storage"
        columns={storageColumns}
        rows={rows}
        rowId={rowId}
        rowName={rowName}
        rowHref={rowHref}
        onOpen={(group) => void setView({ open: group.id })}
        sort={sort}
        rowsOf={rowsOf}
        onSortChange={onSortChange}
        isLoading={pools.isPending}
        error={pools.error && pageFailure('The storage could not be read', { ...pools, error: pools.error })}
        empty={
          <EmptyState
            icon={<HardDrive size={24} aria-hidden="true" />}
            title={view.text ? 'No storage matches' : 'No storage yet'}
          >
            Storage pools of libvirt on any connected host show here by themselves.
          </EmptyState>
        }
        className="min-h-60 flex-1 border-t border-line"
      />
      {opened && <StorageDialog group={opened} onClose={() => void setView({ open: null })} />}
    </>
  )
}
