'use client'

import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Boxes } from 'lucide-react'
import { useQueryStates } from 'nuqs'
import { useCallback, useDeferredValue, useMemo, useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button, ButtonLink } from '#components/ui/button.tsx'
import { DataTable } from '#components/ui/data-table.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { SidePanel } from '#components/ui/side-panel.tsx'
import { SplitPane } from '#components/ui/split-pane.tsx'
import { useVmCommand } from '#components/vm/use-vm-command.tsx'
import { vmMenu } from '#components/vm/vm-command.tsx'
import type { VmRow } from '#server/schema/vm.ts'
import { FleetBulk } from './fleet-bulk.tsx'
import { fleetColumns } from './fleet-columns.tsx'
import { asTableSort, fleetParams, fromTableSort, type Grouping, listInput } from './fleet-query.ts'
import { FleetToolbar } from './fleet-toolbar.tsx'
import { FleetTree } from './fleet-tree.tsx'

const rowId = (vm: VmRow) => vm.id
const rowName = (vm: VmRow) => vm.name
const rowHref = (vm: VmRow) => `/vms/${vm.id}`

/** Every VM a person may see: the tree at the left, the table of the same at the right. */
export function FleetPage({ operator }: { operator: boolean }) {
  const trpc = useTRPC()
  const [view, setView] = useQueryStates(fleetParams, { history: 'replace' })
  const [selection, setSelection] = useState<ReadonlySet<string>>(new Set())
  const [isTreeOpen, setTreeOpen] = useState(false)
  const [menuVmId, setMenuVmId] = useState<string>()
  const { run, dialog } = useVmCommand()
  const answers = useQuery({ ...trpc.vm.get.queryOptions({ id: menuVmId ?? '' }), enabled: menuVmId !== undefined })
  const filter = useDeferredValue(view.filter)
  const places = useQuery(trpc.fleet.places.queryOptions())
  const list = useInfiniteQuery(
    trpc.vm.list.infiniteQueryOptions(listInput(filter, view.sort), {
      getNextPageParam: (page) => page.nextCursor,
      placeholderData: keepPreviousData,
    }),
  )
  const counts = useQuery(trpc.vm.counts.queryOptions({ filter }, { placeholderData: keepPreviousData }))
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.rows) ?? [], [list.data])
  const columns = useMemo(() => fleetColumns(places.data), [places.data])
  const rowMenu = (vm: VmRow) => [
    { id: 'page', items: [{ id: 'open', label: 'Open', href: rowHref(vm) }] },
    ...vmMenu(vm, answers.data?.id === vm.id ? answers.data : null, (command) => run(command, vm)),
  ]
  const setFilter = useCallback((filter: string) => void setView({ filter }), [setView])
  const setGrouping = useCallback((tree: Grouping) => void setView({ tree }), [setView])
  const setTreeHidden = useCallback(
    (isHidden: boolean) => void setView({ tree: isHidden ? 'hidden' : 'place' }),
    [setView],
  )
  const openTree = useCallback(() => setTreeOpen(true), [])
  const setHiddenColumns = useCallback((hide: string[]) => void setView({ hide }), [setView])
  const tree = (
    <FleetTree
      grouping={view.tree === 'hidden' ? 'place' : view.tree}
      onGroupingChange={setGrouping}
      filter={view.filter}
      onFilterChange={setFilter}
    />
  )
  return (
    <SplitPane
      label="Tree of the fleet"
      left={tree}
      storageKey="skerry-fleet-tree"
      isLeftHidden={view.tree === 'hidden'}
    >
      <h1 className="sr-only">VMs</h1>
      <FleetToolbar
        isTreeHidden={view.tree === 'hidden'}
        onTreeHiddenChange={setTreeHidden}
        onTreeOpen={openTree}
        filter={view.filter}
        onFilterChange={setFilter}
        places={places.data}
        totalCount={counts.data?.total}
      />
      <DataTable
        label="VMs"
        columns={columns}
        rows={rows}
        rowId={rowId}
        rowName={rowName}
        rowHref={rowHref}
        reusesRows
        rowMenu={rowMenu}
        onRowMenuOpen={(vm) => setMenuVmId(vm.id)}
        sort={asTableSort(view.sort)}
        onSortChange={(sort) => void setView({ sort: fromTableSort(sort) })}
        hiddenColumns={view.hide}
        onHiddenColumnsChange={setHiddenColumns}
        selection={selection}
        onSelectionChange={setSelection}
        totalCount={counts.data?.total}
        onEndReached={() => {
          if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage()
        }}
        isLoading={list.isPending}
        error={
          list.error && {
            title: 'The VMs could not be read',
            message: list.error.message,
            onRetry: () => void list.refetch(),
            isRetrying: list.isRefetching,
          }
        }
        empty={<NoVms filter={filter} operator={operator} onClear={() => setFilter('')} />}
        bulkBar={
          selection.size > 0 && (
            <FleetBulk
              rows={rows}
              selection={selection}
              onSelectionChange={setSelection}
              totalCount={counts.data?.total}
              filter={filter}
              sort={view.sort}
              operator={operator}
            />
          )
        }
        className="min-h-0 flex-1"
      />
      {dialog}
      <SidePanel isOpen={isTreeOpen} onOpenChange={setTreeOpen} title="Fleet" side="left">
        <div className="-mx-4 flex h-full flex-col">{tree}</div>
      </SidePanel>
    </SplitPane>
  )
}

function NoVms({ filter, operator, onClear }: { filter: string; operator: boolean; onClear: () => void }) {
  const icon = <Boxes size={24} aria-hidden="true" />
  if (filter) {
    return (
      <EmptyState icon={icon} title="No VM matches" action={<Button onPress={onClear}>Clear the filter</Button>}>
        Nothing you may see fits <code className="font-mono">{filter}</code>.
      </EmptyState>
    )
  }
  return (
    <EmptyState
      icon={icon}
      title="No VMs yet"
      action={
        <>
          <ButtonLink href="/fleet/create" variant="primary">
            Create VM
          </ButtonLink>
          {operator && <ButtonLink href="/hosts?add=yes">Add a host</ButtonLink>}
        </>
      }
    >
      VMs of every connected host show here by themselves, also those made outside Skerry.
    </EmptyState>
  )
}
