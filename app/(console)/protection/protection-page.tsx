'use client'

import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus, ShieldCheck } from 'lucide-react'
import { useQueryStates } from 'nuqs'
import { useDeferredValue, useEffect, useMemo } from 'react'
import type { ProtectionRow } from '#components/protection/protection-words.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { readNextPage, rowCount } from '#components/trpc/long-list.ts'
import { Button } from '#components/ui/button.tsx'
import { DataTable } from '#components/ui/data-table.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { ObstacleDialog } from '#components/ui/obstacle-dialog.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { SearchField } from '#components/ui/search-field.tsx'
import { SegmentedControl } from '#components/ui/segmented-control.tsx'
import { Tag } from '#components/ui/tag.tsx'
import { Toolbar } from '#components/ui/toolbar.tsx'
import { PoliciesTable } from './policies-table.tsx'
import { PolicyDialog } from './policy-dialog.tsx'
import { protectionColumns } from './protection-columns.tsx'
import {
  begunFor,
  type ProtectionView,
  protectionPageSize,
  protectionParams,
  protectionSearch,
} from './protection-query.ts'
import { ProtectionSummary } from './protection-summary.tsx'

/** Nothing narrows the table. */
const everyVm: ProtectionView = { state: null, boot: null, text: '', tenant: '', of: '' }
const filters = Object.keys(everyVm) as (keyof ProtectionView)[]
const rowId = (row: ProtectionRow) => row.id
const rowName = (row: ProtectionRow) => row.name
const rowHref = (row: ProtectionRow) => `/vms/${row.id}/backups`

/** Whether every VM has the backups it should, and the policies that see to it. */
export function ProtectionPage({ operator }: { operator: boolean }) {
  const trpc = useTRPC()
  const [view, setView] = useQueryStates(protectionParams, { history: 'replace' })
  const counts = useQuery(trpc.protection.counts.queryOptions())
  const policies = useQuery(trpc.protection.policies.queryOptions())
  useRereadAt(counts.data?.lateAt)
  const search = protectionSearch({ ...view, text: useDeferredValue(view.text) })
  const list = useInfiniteQuery(
    trpc.protection.list.infiniteQueryOptions(
      { ...search, limit: protectionPageSize },
      { getNextPageParam: (page) => page.next, placeholderData: keepPreviousData },
    ),
  )
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.rows) ?? [], [list.data])
  const columns = useMemo(() => protectionColumns(operator), [operator])
  const known = policies.data
  const edited = known?.policies.find(({ id }) => id === view.policy)
  const shown = known?.policies.find(({ id }) => id === view.of)
  const isFiltered = filters.some((filter) => view[filter] !== everyVm[filter])
  const showAll = () => void setView(everyVm)
  const createReason = !known
    ? undefined
    : known.tenants.length === 0
      ? 'Policies are made by a tenant’s admins and owners, and by operators.'
      : known.datastores.length === 0
        ? 'There is no datastore yet: an operator adds one under Datastores.'
        : undefined
  const create = (variant: 'primary' | 'secondary') => (
    <Button
      variant={variant}
      icon={<Plus size={14} aria-hidden="true" />}
      disabledReason={createReason}
      onPress={() => void setView({ policy: 'new' })}
    >
      Create policy
    </Button>
  )
  return (
    <>
      <PageHeader
        title="Protection"
        meta="Policies back VMs up by themselves and keep as many recovery points as they say."
        actions={create('primary')}
      />
      {counts.error && (
        <ErrorMessage {...pageFailure('The counts could not be read', { ...counts, error: counts.error })} />
      )}
      {counts.data && (
        <ProtectionSummary
          counts={counts.data}
          operator={operator}
          state={view.state}
          boot={view.boot}
          tenant={view.tenant}
          onState={(state) => void setView({ state, view: 'vms' })}
          onBoot={(boot) => void setView({ boot, view: 'vms' })}
          onTenant={(tenant) => void setView({ tenant, view: 'vms' })}
        />
      )}
      <Toolbar label="What is shown" className="px-4">
        <SegmentedControl
          label="Show"
          value={view.view}
          onChange={(next) => void setView({ view: next })}
          segments={[
            { id: 'vms', label: 'VMs' },
            { id: 'policies', label: known ? `Policies (${known.policies.length})` : 'Policies' },
          ]}
        />
        {view.view === 'vms' && (
          <>
            <SearchField
              label="VMs by name"
              value={view.text}
              onChange={(text) => void setView({ text })}
              placeholder="Name of a VM"
              className="w-56"
            />
            {shown && <Tag onRemove={() => void setView({ of: '' })}>{`Policy ${shown.name}`}</Tag>}
            {isFiltered && (
              <Button variant="quiet" size="sm" onPress={showAll}>
                Show all
              </Button>
            )}
          </>
        )}
      </Toolbar>
      {view.view === 'vms' ? (
        <DataTable
          label="VMs and how they are protected"
          columns={columns}
          rows={rows}
          rowId={rowId}
          rowName={rowName}
          rowHref={rowHref}
          totalCount={rowCount(list, rows.length, list.data?.pages[0]?.total)}
          onEndReached={() => readNextPage(list)}
          rowsOf={JSON.stringify(search)}
          isLoading={list.isPending}
          error={list.error && pageFailure('The VMs could not be read', { ...list, error: list.error })}
          empty={
            <EmptyState
              icon={<ShieldCheck size={24} aria-hidden="true" />}
              title={isFiltered ? 'No VM matches' : 'No VMs yet'}
              action={isFiltered ? <Button onPress={showAll}>Show all</Button> : undefined}
            >
              {isFiltered
                ? 'Widen the filter to see others.'
                : 'Once there are some, this tells how they are protected.'}
            </EmptyState>
          }
          className="min-h-60 flex-1 border-t border-line"
        />
      ) : (
        <PoliciesTable
          query={policies}
          operator={operator}
          onEdit={(policy) => void setView({ policy: policy.id })}
          onShowVms={(policy) => void setView({ ...everyVm, of: policy.id, view: 'vms' })}
          create={create('secondary')}
        />
      )}
      {view.policy === 'new' && createReason && (
        <ObstacleDialog title="No policy can be created" onClose={() => void setView({ policy: '' })}>
          {createReason}
        </ObstacleDialog>
      )}
      {known && (edited || (view.policy === 'new' && !createReason)) && (
        <PolicyDialog
          page={known}
          policy={edited}
          begunFor={begunFor(view)}
          onClose={() => void setView({ policy: '', forVm: '', forTenant: '' })}
        />
      )}
    </>
  )
}

const longestTimerMs = 86_400_000

/** A VM becomes late by the clock alone: then everything is read once more. */
function useRereadAt(lateAt: Date | null | undefined): void {
  const trpc = useTRPC()
  const client = useQueryClient()
  const atMs = lateAt?.getTime()
  useEffect(() => {
    if (atMs === undefined) return
    const waitMs = Math.min(longestTimerMs, Math.max(1_000, atMs - Date.now() + 1_000))
    const timer = setTimeout(() => void client.invalidateQueries({ queryKey: trpc.protection.pathKey() }), waitMs)
    return () => clearTimeout(timer)
  }, [atMs, client, trpc])
}
