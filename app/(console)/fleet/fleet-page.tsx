'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Boxes } from 'lucide-react'
import { useQueryStates } from 'nuqs'
import { useCallback, useDeferredValue, useMemo, useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { rowCount } from '#components/trpc/long-list.ts'
import { Button, ButtonLink } from '#components/ui/button.tsx'
import { DataTable } from '#components/ui/data-table.tsx'
import type { Sort } from '#components/ui/data-table-column.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { SidePanel } from '#components/ui/side-panel.tsx'
import { SplitPane } from '#components/ui/split-pane.tsx'
import { useStable } from '#components/ui/use-stable.ts'
import { useReasonAgainstCreate } from '#components/vm/use-reason-against-create.ts'
import { useVmCommand } from '#components/vm/use-vm-command.tsx'
import { vmMenu } from '#components/vm/vm-command.tsx'
import type { VmRow } from '#server/schema/vm.ts'
import { FleetBulk } from './fleet-bulk.tsx'
import { fleetColumns } from './fleet-columns.tsx'
import { asTableSort, fleetParams, fromTableSort, type Grouping } from './fleet-query.ts'
import { reasonAgainstAll, tenantsSelected } from './fleet-rights.ts'
import { FleetToolbar } from './fleet-toolbar.tsx'
import { FleetTree } from './fleet-tree.tsx'
import { usePlaceNames } from './place-names.ts'
import { keptFor, useVmList } from './use-vm-list.ts'

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
  // What is typed shows at once; what it leaves when there is time for it.
  const filter = useDeferredValue(view.filter)
  const places = usePlaceNames()
  const list = useVmList(filter, view.sort)
  const { rows, refetch } = list
  const counts = useQuery(
    trpc.vm.counts.queryOptions(
      { filter },
      { placeholderData: keepPreviousData, trpc: { abortOnUnmount: true }, ...keptFor(filter) },
    ),
  )
  const totalCount = counts.data?.total
  const rights = useQuery(trpc.vm.rights.queryOptions()).data
  const reasonAgainstCreate = useReasonAgainstCreate()
  const columns = useMemo(() => fleetColumns(places), [places])
  const runStably = useStable(run)
  const rowMenu = useCallback(
    (vm: VmRow) => [
      { id: 'page', items: [{ id: 'open', label: 'Open', href: rowHref(vm) }] },
      ...vmMenu(vm, answers.data?.id === vm.id ? answers.data : null, (command) => runStably(command, vm)),
    ],
    [answers.data, runStably],
  )
  const onRowMenuChange = useCallback((vm: VmRow | null) => setMenuVmId(vm?.id), [])
  const sort = useMemo(() => asTableSort(view.sort), [view.sort])
  const setSort = useCallback((next: Sort) => void setView({ sort: fromTableSort(next) }), [setView])
  const setFilter = useCallback((filter: string) => void setView({ filter }), [setView])
  const setGrouping = useCallback((tree: Grouping) => void setView({ tree }), [setView])
  const setTreeHidden = useCallback(
    (isHidden: boolean) => void setView({ tree: isHidden ? 'hidden' : 'place' }),
    [setView],
  )
  const openTree = useCallback(() => setTreeOpen(true), [])
  const setHiddenColumns = useCallback((hide: string[]) => void setView({ hide }), [setView])
  const error = useMemo(
    () =>
      list.error &&
      pageFailure('The VMs could not be read', { error: list.error, isRefetching: list.isRefetching, refetch }),
    [list.error, list.isRefetching, refetch],
  )
  const empty = useMemo(
    () => <NoVms {...{ filter, operator, reasonAgainstCreate }} onClear={() => setFilter('')} />,
    [filter, operator, reasonAgainstCreate, setFilter],
  )
  const selectedRows = useStable(() => rows.filter((row) => selection.has(row.id)))
  const tenants = useMemo(() => tenantsSelected(rows, selection), [rows, selection])
  const bulkBar = useMemo(
    () =>
      selection.size > 0 && (
        <FleetBulk
          selection={selection}
          selectedRows={selectedRows}
          onSelectionChange={setSelection}
          reasonAgainst={(right) => reasonAgainstAll(rights, tenants, right)}
          totalCount={totalCount}
          filter={filter}
          sort={view.sort}
          operator={operator}
        />
      ),
    [selection, selectedRows, rights, tenants, totalCount, filter, view.sort, operator],
  )
  const tree = (
    <FleetTree
      grouping={view.tree === 'hidden' ? 'place' : view.tree}
      onGroupingChange={setGrouping}
      filter={filter}
      onFilterChange={setFilter}
    />
  )
  return (
    <SplitPane
      label="Tree of the fleet"
      left={tree}
      storageKey="skerry-fleet-tree"
      defaultWidthPx={212}
      isLeftHidden={view.tree === 'hidden'}
    >
      <h1 className="sr-only">VMs</h1>
      <FleetToolbar
        isTreeHidden={view.tree === 'hidden'}
        onTreeHiddenChange={setTreeHidden}
        onTreeOpen={openTree}
        filter={view.filter}
        onFilterChange={setFilter}
        places={places}
        totalCount={totalCount}
        reasonAgainstCreate={reasonAgainstCreate}
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
        onRowMenuChange={onRowMenuChange}
        sort={sort}
        onSortChange={setSort}
        rowsOf={list.rowsOf}
        hiddenColumns={view.hide}
        onHiddenColumnsChange={setHiddenColumns}
        selection={selection}
        onSelectionChange={setSelection}
        totalCount={rowCount(list, rows.length, totalCount)}
        onEndReached={list.onEndReached}
        onView={list.onView}
        isLoading={list.isPending}
        error={error}
        empty={empty}
        bulkBar={bulkBar}
        className="min-h-0 flex-1"
      />
      {dialog}
      <SidePanel isOpen={isTreeOpen} onOpenChange={setTreeOpen} title="Fleet" side="left">
        <div className="-mx-4 flex h-full flex-col">{tree}</div>
      </SidePanel>
    </SplitPane>
  )
}

interface NoVmsProps {
  filter: string
  operator: boolean
  reasonAgainstCreate: string | undefined
  onClear: () => void
}

function NoVms({ filter, operator, reasonAgainstCreate, onClear }: NoVmsProps) {
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
          <ButtonLink href="/fleet/create" variant="primary" disabledReason={reasonAgainstCreate}>
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
