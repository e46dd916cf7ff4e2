'use client'

import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Download, ScrollText } from 'lucide-react'
import { useQueryStates } from 'nuqs'
import { useDeferredValue, useMemo } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { readNextPage, rowCount } from '#components/trpc/long-list.ts'
import { buttonClassName } from '#components/ui/button-class.ts'
import { DataTable } from '#components/ui/data-table.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { type AuditRow, auditColumns } from './audit-columns.tsx'
import { AuditFilters } from './audit-filters.tsx'
import { gistOf } from './audit-gist.ts'
import { AuditPanel } from './audit-panel.tsx'
import { auditPageSize, auditParams, auditSearch, exportHref } from './audit-query.ts'
import { ChainCheck } from './chain-check.tsx'

const rowId = (entry: AuditRow) => entry.id
const rowName = (entry: AuditRow) => `${entry.action} by ${entry.actorName}`
const rowHref = (entry: AuditRow) => `/audit?open=${entry.id}`

export interface AuditPageProps {
  operator: boolean
  /** The tenants whose audit this person may read; operators read all */
  readable: readonly { id: string; name: string }[]
}

/** Who changed what, when, from where, and how it ended. */
export function AuditPage({ operator, readable }: AuditPageProps) {
  const trpc = useTRPC()
  const [{ open, ...view }, setView] = useQueryStates(auditParams, { history: 'replace' })
  const places = useQuery(trpc.fleet.places.queryOptions())
  const search = auditSearch({ ...view, text: useDeferredValue(view.text) })
  const list = useInfiniteQuery(
    trpc.audit.list.infiniteQueryOptions(
      { ...search, limit: auditPageSize },
      { getNextPageParam: (page) => page.next, placeholderData: keepPreviousData },
    ),
  )
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.entries) ?? [], [list.data])
  const tenants = operator ? (places.data?.tenants ?? []) : readable
  const tenantNames = useMemo(() => new Map(tenants.map(({ id, name }) => [id, name])), [tenants])
  const names = useMemo(
    () => ({ tenants: tenantNames, hosts: new Map(places.data?.hosts.map(({ id, name }) => [id, name])) }),
    [tenantNames, places.data],
  )
  const columns = useMemo(() => auditColumns(names), [names])
  const nameOf = (chain: string) =>
    chain === 'fleet' ? 'the fleet' : (tenantNames.get(chain) ?? `the deleted tenant ${chain}`)
  const opened = rows.find((entry) => entry.id === open)
  return (
    <>
      <PageHeader
        title="Audit"
        meta="Every change, also the refused ones. Entries can be added only, and a removed or altered one is found."
        actions={
          <>
            <ExportLink href={exportHref(search, 'csv')} label="CSV" />
            <ExportLink href={exportHref(search, 'jsonl')} label="JSON lines" />
            <ChainCheck nameOf={nameOf} />
          </>
        }
      />
      <AuditFilters view={view} onChange={(part) => void setView(part)} tenants={tenants} />
      <DataTable
        label="Audit"
        columns={columns}
        rows={rows}
        rowId={rowId}
        rowName={rowName}
        rowHref={rowHref}
        onOpen={(entry) => void setView({ open: entry.id })}
        totalCount={rowCount(list, rows.length)}
        onEndReached={() => readNextPage(list)}
        rowsOf={JSON.stringify(search)}
        isLoading={list.isPending}
        error={list.error && pageFailure('The audit could not be read', { ...list, error: list.error })}
        empty={
          <EmptyState icon={<ScrollText size={24} aria-hidden="true" />} title="No entry matches">
            Widen the search: fewer words, a longer time, every outcome.
          </EmptyState>
        }
        className="min-h-60 flex-1 border-t border-line"
      />
      {opened && (
        <AuditPanel
          entry={opened}
          gist={gistOf(opened, names)}
          chainName={nameOf(opened.chain)}
          onOnly={(part) => void setView({ ...part, open: null })}
          onClose={() => void setView({ open: null })}
        />
      )}
    </>
  )
}

/** A plain link: the browser saves what it leads to. */
function ExportLink({ href, label }: { href: string; label: string }) {
  return (
    <a href={href} download className={`${buttonClassName({ variant: 'secondary', size: 'md' })} hover:bg-hover`}>
      <Download size={14} aria-hidden="true" />
      <span className="sr-only">Export as </span>
      {label}
    </a>
  )
}
