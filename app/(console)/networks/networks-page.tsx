'use client'

import { useQuery } from '@tanstack/react-query'
import { Network } from 'lucide-react'
import { parseAsString, useQueryStates } from 'nuqs'
import { useMemo } from 'react'
import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { DataTable } from '#components/ui/data-table.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { formatCount } from '#components/ui/format.ts'
import { PageHeader } from '#components/ui/page-header.tsx'
import { SearchField } from '#components/ui/search-field.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { Toolbar } from '#components/ui/toolbar.tsx'
import { type SortValue, useSortedRows } from '#components/ui/use-sorted-rows.ts'
import { groupNetworks, type NetworkGroup } from './network-group.ts'
import { NetworkPanel } from './network-panel.tsx'

const params = { open: parseAsString.withDefault(''), text: parseAsString.withDefault('') }

const sorts: Record<string, SortValue<NetworkGroup>> = {
  name: (group) => group.name,
  state: (group) => group.active / group.networks.length,
  mode: (group) => group.modes.join(),
  hosts: (group) => group.networks.length,
  vms: (group) => group.vms,
}
const rowId = (group: NetworkGroup) => group.name
const rowName = rowId
const rowHref = (group: NetworkGroup) => `/networks?open=${encodeURIComponent(group.name)}`

/** The fleet's networks by name: where each exists, and who is on it. */
export function NetworksPage() {
  const trpc = useTRPC()
  const [view, setView] = useQueryStates(params, { history: 'replace' })
  const places = useQuery(trpc.fleet.places.queryOptions())
  const networks = useQuery(trpc.network.list.queryOptions())
  const grants = useQuery(trpc.network.grants.queryOptions())
  const groups = useMemo(
    () => groupNetworks(networks.data ?? [], grants.data ?? { grants: [], use: [] }),
    [networks.data, grants.data],
  )
  const found = useMemo(() => {
    const wanted = view.text.toLowerCase()
    return groups.filter(({ name, cidrs }) => [name, ...cidrs].some((part) => part.toLowerCase().includes(wanted)))
  }, [groups, view.text])
  const { rows, sort, rowsOf, onSortChange } = useSortedRows(found, sorts, view.text)
  const siteNames = useMemo(() => new Map(places.data?.sites.map((site) => [site.id, site.name])), [places.data?.sites])
  const tenants = places.data?.tenants ?? []
  const tenantNames = useMemo(
    () => new Map(places.data?.tenants.map((tenant) => [tenant.id, tenant.name])),
    [places.data?.tenants],
  )
  const columns = useMemo(() => networkColumns(siteNames, tenantNames), [siteNames, tenantNames])
  const unread = [networks, grants].find(({ error }) => error)
  const opened = groups.find((group) => group.name === view.open)
  return (
    <>
      <PageHeader
        title="Networks"
        meta="One name on several hosts is one network. A tenant uses the networks that it is granted."
      />
      <Toolbar label="Find networks" className="border-t border-line">
        <SearchField
          label="Find networks"
          placeholder="Name or addresses…"
          value={view.text}
          onChange={(text) => void setView({ text: text || null })}
          className="w-full sm:w-72"
        />
      </Toolbar>
      <DataTable
        label="Networks"
        columns={columns}
        rows={rows}
        rowId={rowId}
        rowName={rowName}
        rowHref={rowHref}
        onOpen={(group) => void setView({ open: group.name })}
        sort={sort}
        rowsOf={rowsOf}
        onSortChange={onSortChange}
        isLoading={networks.isPending || grants.isPending}
        error={unread?.error && pageFailure('The networks could not be read', { ...unread, error: unread.error })}
        empty={
          <EmptyState
            icon={<Network size={24} aria-hidden="true" />}
            title={view.text ? 'No network matches' : 'No networks yet'}
          >
            Networks defined in libvirt on any connected host show here by themselves.
          </EmptyState>
        }
        className="min-h-60 flex-1 border-t border-line"
      />
      {opened && grants.data && (
        <NetworkPanel
          group={opened}
          siteNames={siteNames}
          tenants={tenants}
          onClose={() => void setView({ open: null })}
        />
      )}
    </>
  )
}

/** Whose VMs may be plugged in, as one line. */
function accessText({ access }: NetworkGroup, tenantNames: ReadonlyMap<string, string>): string {
  if (access.allTenants) return access.mode ? `All, where it is ${access.mode}` : 'All'
  const names = access.tenantIds.map((id) => tenantNames.get(id) ?? '–').sort()
  return names.join(', ') || 'None: operators alone'
}

function networkColumns(
  siteNames: ReadonlyMap<string, string>,
  tenantNames: ReadonlyMap<string, string>,
): DataColumn<NetworkGroup>[] {
  return [
    {
      id: 'name',
      header: 'Name',
      isSortable: true,
      widthPx: 160,
      grow: 1,
      cell: (group) => (
        <>
          <span className="truncate">{group.name}</span>
          {group.networks.every(({ host }) => host.simulated) && <SimulatedBadge />}
        </>
      ),
    },
    {
      id: 'state',
      header: 'State',
      isSortable: true,
      widthPx: 160,
      cell: (group) => {
        const { active, networks } = group
        if (active === networks.length) return <StateBadge state="running" label="Active" variant="plain" />
        if (active === 0) return <StateBadge state="off" label="Not active" variant="plain" />
        return <StateBadge state="degraded" label={`Active on ${active} of ${networks.length}`} variant="plain" />
      },
    },
    {
      id: 'mode',
      header: 'Mode',
      isSortable: true,
      widthPx: 130,
      cell: (group) =>
        group.modes.length > 1 ? (
          <StateBadge state="degraded" label={group.modes.join(', ')} variant="plain" />
        ) : (
          group.modes.join()
        ),
    },
    {
      id: 'tenants',
      header: 'Tenants',
      widthPx: 190,
      grow: 2,
      cell: (group) => (
        <span
          className={
            group.access.allTenants || group.access.tenantIds.length > 0 ? 'truncate' : 'truncate text-ink-faint'
          }
        >
          {accessText(group, tenantNames)}
        </span>
      ),
    },
    {
      id: 'cidr',
      header: 'Addresses',
      isMono: true,
      widthPx: 180,
      grow: 1,
      cell: (group) => <span className="truncate">{group.cidrs.join(', ') || '–'}</span>,
    },
    {
      id: 'sites',
      header: 'Sites',
      widthPx: 200,
      grow: 2,
      cell: (group) => (
        <span className="truncate">{group.siteIds.map((id) => siteNames.get(id) ?? '–').join(', ')}</span>
      ),
    },
    {
      id: 'hosts',
      header: 'Hosts',
      isSortable: true,
      align: 'end',
      widthPx: 72,
      cell: (group) => formatCount(group.networks.length),
    },
    {
      id: 'vms',
      header: 'VMs',
      isSortable: true,
      align: 'end',
      widthPx: 80,
      cell: (group) => formatCount(group.vms),
    },
  ]
}
