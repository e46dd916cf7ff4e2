'use client'

import { useMemo } from 'react'
import { DataTable } from '#components/ui/data-table.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { type SortValue, useSortedRows } from '#components/ui/use-sorted-rows.ts'
import { type Host, useHost } from '../use-host.ts'

type Network = Host['networks'][number]

const sorts: Record<string, SortValue<Network>> = {
  name: (network) => network.name,
  state: (network) => Number(network.active),
  mode: (network) => network.mode,
}
const rowId = (network: Network) => network.id
const rowName = (network: Network) => network.name
const rowHref = (network: Network) => `/networks?open=${encodeURIComponent(network.name)}`

/** The virtual networks of this host. */
export function HostNetworks() {
  const host = useHost()
  const { rows, sort, onSortChange } = useSortedRows(host.networks, sorts)
  const columns = useMemo<DataColumn<Network>[]>(
    () => [
      { id: 'name', header: 'Name', isSortable: true, widthPx: 160, grow: 1, cell: (network) => network.name },
      {
        id: 'state',
        header: 'State',
        isSortable: true,
        widthPx: 120,
        cell: (network) => (
          <StateBadge
            state={network.active ? 'running' : 'off'}
            label={network.active ? 'Active' : 'Not active'}
            variant="plain"
          />
        ),
      },
      { id: 'mode', header: 'Mode', isSortable: true, widthPx: 110, cell: (network) => network.mode },
      { id: 'bridge', header: 'Bridge', widthPx: 110, isMono: true, cell: (network) => network.bridge ?? '–' },
      { id: 'cidr', header: 'Addresses', widthPx: 160, isMono: true, cell: (network) => network.cidr ?? '–' },
      {
        id: 'autostart',
        header: 'Starts with the host',
        widthPx: 150,
        cell: (network) => (network.autostart ? 'Yes' : 'No'),
      },
    ],
    [],
  )
  return (
    <DataTable
      label={`Networks of ${host.name}`}
      columns={columns}
      rows={rows}
      rowId={rowId}
      rowName={rowName}
      rowHref={rowHref}
      sort={sort}
      onSortChange={onSortChange}
      empty={
        <EmptyState title="It has no virtual network">
          VMs can still be on a bridge of the host. Define a network in libvirt; it shows here by itself.
        </EmptyState>
      }
      className="min-h-60 flex-1"
    />
  )
}
