'use client'

import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { Activity } from 'lucide-react'
import { useQueryStates } from 'nuqs'
import { useMemo } from 'react'
import { kindWord } from '#components/operation/operation-words.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { readNextPage, rowCount } from '#components/trpc/long-list.ts'
import { Button } from '#components/ui/button.tsx'
import { DataTable } from '#components/ui/data-table.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { SegmentedControl } from '#components/ui/segmented-control.tsx'
import { Select } from '#components/ui/select.tsx'
import { Toolbar } from '#components/ui/toolbar.tsx'
import { type OperationRow, operationKinds } from '#server/schema/operation.ts'
import { operationColumns, operationName } from './operation-columns.tsx'
import { OperationDialog } from './operation-dialog.tsx'
import { operationInput, operationParams } from './operation-query.ts'

const rowId = (operation: OperationRow) => operation.id
const rowHref = (operation: OperationRow) => `/operations?open=${operation.id}`

const segments = [
  { id: 'all', label: 'All' },
  { id: 'live', label: 'Running' },
  { id: 'failed', label: 'Failed' },
  { id: 'succeeded', label: 'Done' },
  { id: 'cancelled', label: 'Cancelled' },
] as const

/** Everything that changed a host, and what is changing one now. */
export function OperationsPage() {
  const trpc = useTRPC()
  const [view, setView] = useQueryStates(operationParams, { history: 'replace' })
  const input = operationInput(view)
  const list = useInfiniteQuery(
    trpc.operation.list.infiniteQueryOptions(input, {
      getNextPageParam: (page) => page.next,
      placeholderData: keepPreviousData,
    }),
  )
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data])
  const isNarrowed = view.state !== null || view.kind !== null
  return (
    <>
      <PageHeader title="Operations" meta="Everything that changed a host: who asked, how far it is, how it ended." />
      <Toolbar label="Narrow the operations" className="border-t border-line">
        <SegmentedControl
          label="State"
          segments={segments}
          value={view.state ?? 'all'}
          onChange={(id) => void setView({ state: id === 'all' ? null : id })}
          className="max-w-full overflow-x-auto"
        />
        <Select
          label="Kind"
          isLabelHidden
          value={view.kind ?? 'all'}
          onChange={(id) => void setView({ kind: operationKinds.find((kind) => kind === id) ?? null })}
          options={[
            { id: 'all', label: 'Every kind' },
            ...operationKinds.map((id) => ({ id, label: kindWord[id].replace(/( of| to|:)$/, '') })),
          ]}
          className="w-44"
        />
      </Toolbar>
      <DataTable
        label="Operations"
        columns={operationColumns}
        rows={rows}
        rowId={rowId}
        rowName={operationName}
        rowHref={rowHref}
        onOpen={(operation) => void setView({ open: operation.id })}
        totalCount={rowCount(list, rows.length)}
        onEndReached={() => readNextPage(list)}
        rowsOf={JSON.stringify(input)}
        isLoading={list.isPending}
        error={list.error && pageFailure('The operations could not be read', { ...list, error: list.error })}
        empty={
          isNarrowed ? (
            <EmptyState
              icon={<Activity size={24} aria-hidden="true" />}
              title="No operation matches"
              action={<Button onPress={() => void setView({ state: null, kind: null })}>Show all</Button>}
            />
          ) : (
            <EmptyState icon={<Activity size={24} aria-hidden="true" />} title="Nothing has been done yet">
              Every change to a VM or host shows here from the moment it is asked for.
            </EmptyState>
          )
        }
        className="min-h-60 flex-1 border-t border-line"
      />
      {view.open && <OperationDialog id={view.open} onClose={() => void setView({ open: null })} />}
    </>
  )
}
