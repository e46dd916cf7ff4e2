'use client'

import { useQuery } from '@tanstack/react-query'
import { parseAsString, useQueryState } from 'nuqs'
import { type ReactNode, useMemo } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { rowCount } from '#components/trpc/long-list.ts'
import { DataTable } from '#components/ui/data-table.tsx'
import type { VmRow } from '#server/schema/vm.ts'
import { fleetColumns } from './fleet-columns.tsx'
import { asTableSort, fromTableSort } from './fleet-query.ts'
import { usePlaceNames } from './place-names.ts'
import { useVmList } from './use-vm-list.ts'

export interface VmTableProps {
  label: string
  filter: string
  /** What goes without saying where the table stands */
  hiddenColumns: readonly string[]
  empty: ReactNode
}

const rowId = (vm: VmRow) => vm.id
const rowName = (vm: VmRow) => vm.name
const rowHref = (vm: VmRow) => `/vms/${vm.id}`

/** The VMs of one place, in the fleet's own table; its box gives it the height. */
export function VmTable({ label, filter, hiddenColumns, empty }: VmTableProps) {
  const trpc = useTRPC()
  const [sort, setSort] = useQueryState('sort', parseAsString.withDefault('name'))
  const places = usePlaceNames()
  const list = useVmList(filter, sort)
  const counts = useQuery(trpc.vm.counts.queryOptions({ filter }))
  const columns = useMemo(() => fleetColumns(places), [places])
  return (
    <DataTable
      label={label}
      columns={columns}
      rows={list.rows}
      rowId={rowId}
      rowName={rowName}
      rowHref={rowHref}
      reusesRows
      sort={asTableSort(sort)}
      onSortChange={(next) => void setSort(fromTableSort(next))}
      hiddenColumns={hiddenColumns}
      totalCount={rowCount(list, list.rows.length, counts.data?.total)}
      rowsOf={list.rowsOf}
      onView={list.onView}
      onEndReached={list.onEndReached}
      isLoading={list.isPending}
      error={list.error && pageFailure('The VMs could not be read', { ...list, error: list.error })}
      empty={empty}
      className="min-h-60 flex-1"
    />
  )
}
