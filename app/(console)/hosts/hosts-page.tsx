'use client'

import { useQuery } from '@tanstack/react-query'
import { Plus, Server } from 'lucide-react'
import { parseAsArrayOf, parseAsString, useQueryStates } from 'nuqs'
import { useMemo } from 'react'
import { AddHostDialog } from '#components/host/add-host-dialog.tsx'
import { useHostCommands } from '#components/host/host-commands.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { DataTable } from '#components/ui/data-table.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { formatCount } from '#components/ui/format.ts'
import { PageHeader } from '#components/ui/page-header.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { useSortedRows } from '#components/ui/use-sorted-rows.ts'
import { type HostRow, hostColumns, hostSorts } from './host-columns.tsx'

const params = {
  add: parseAsString.withDefault(''),
  site: parseAsString.withDefault(''),
  hide: parseAsArrayOf(parseAsString).withDefault([]),
}

const rowId = (host: HostRow) => host.id
const rowName = (host: HostRow) => host.name
const rowHref = (host: HostRow) => `/hosts/${host.id}`
const none: HostRow[] = []

/** Every machine that runs VMs. */
export function HostsPage() {
  const trpc = useTRPC()
  const [view, setView] = useQueryStates(params, { history: 'replace' })
  const places = useQuery(trpc.fleet.places.queryOptions())
  const hosts = useQuery(trpc.host.list.queryOptions())
  const commands = useHostCommands()
  const siteNames = useMemo(() => new Map(places.data?.sites.map((site) => [site.id, site.name])), [places.data?.sites])
  const columns = useMemo(() => hostColumns(siteNames), [siteNames])
  const sorts = useMemo(() => hostSorts(siteNames), [siteNames])
  const { rows, sort, onSortChange } = useSortedRows(hosts.data ?? none, sorts)
  const away = rows.filter((host) => host.state !== 'connected').length
  const addButton = (
    <Button variant="primary" icon={<Plus size={14} aria-hidden="true" />} onPress={() => void setView({ add: 'yes' })}>
      Add host
    </Button>
  )
  return (
    <>
      <PageHeader
        title="Hosts"
        state={
          rows.length > 0 &&
          (away === 0 ? (
            <StateBadge state="running" label="All connected" />
          ) : (
            <StateBadge state="failed" label={`${formatCount(away)} of ${formatCount(rows.length)} not connected`} />
          ))
        }
        actions={addButton}
      />
      <DataTable
        label="Hosts"
        columns={columns}
        rows={rows}
        rowId={rowId}
        rowName={rowName}
        rowHref={rowHref}
        rowMenu={(host) => commands.groups({ ...host, vms: host.promised.vms })}
        sort={sort}
        onSortChange={onSortChange}
        hiddenColumns={view.hide}
        onHiddenColumnsChange={(hide) => void setView({ hide })}
        isLoading={hosts.isPending}
        error={hosts.error && pageFailure('The hosts could not be read', { ...hosts, error: hosts.error })}
        empty={
          <EmptyState icon={<Server size={24} aria-hidden="true" />} title="No hosts yet" action={addButton}>
            A host is a machine with libvirt and QEMU. Skerry reaches it over TLS, ssh or its own socket.
          </EmptyState>
        }
        className="min-h-0 flex-1 border-t border-line"
      />
      {view.add && (
        <AddHostDialog siteId={view.site || undefined} onClose={() => void setView({ add: null, site: null })} />
      )}
      {commands.dialogs}
    </>
  )
}
