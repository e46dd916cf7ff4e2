'use client'

import { parseAsString, useQueryState } from 'nuqs'
import { useMemo } from 'react'
import { DataTable } from '#components/ui/data-table.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { formatCounted } from '#components/ui/format.ts'
import { SearchField } from '#components/ui/search-field.tsx'
import { Toolbar } from '#components/ui/toolbar.tsx'
import { type SortValue, useSortedRows } from '#components/ui/use-sorted-rows.ts'
import { type Host, useHost } from '../use-host.ts'

type Device = Host['devices'][number]

const columns: DataColumn<Device>[] = [
  {
    id: 'name',
    header: 'Device',
    isSortable: true,
    isMono: true,
    widthPx: 190,
    grow: 1,
    cell: (device) => device.name,
  },
  { id: 'kind', header: 'Kind', isSortable: true, widthPx: 90, cell: (device) => device.kind },
  {
    id: 'product',
    header: 'Product',
    isSortable: true,
    widthPx: 240,
    grow: 2,
    cell: (device) => device.product ?? '–',
  },
  { id: 'vendor', header: 'Vendor', isSortable: true, widthPx: 180, grow: 1, cell: (device) => device.vendor ?? '–' },
  {
    id: 'driver',
    header: 'Driver',
    isSortable: true,
    isMono: true,
    widthPx: 110,
    cell: (device) => device.driver ?? '–',
  },
]
const sorts: Record<string, SortValue<Device>> = {
  kind: (device) => `${device.kind} ${device.name}`,
  name: (device) => device.name,
  product: (device) => device.product,
  vendor: (device) => device.vendor,
  driver: (device) => device.driver,
}
const rowId = (device: Device) => device.id
const rowName = (device: Device) => device.name

/** What is built into the host. */
export function HostDevices() {
  const host = useHost()
  const [text, setText] = useQueryState('text', parseAsString.withDefault(''))
  const found = useMemo(() => {
    const wanted = text.toLowerCase()
    return host.devices.filter((device) =>
      [device.name, device.kind, device.product, device.vendor, device.driver].some((part) =>
        part?.toLowerCase().includes(wanted),
      ),
    )
  }, [host.devices, text])
  const { rows, sort, rowsOf, onSortChange } = useSortedRows(found, sorts, text)
  return (
    <>
      <Toolbar
        label="Find devices"
        end={
          <span role="status" className="text-xs text-ink-muted">
            {formatCounted(rows.length, 'device')}
          </span>
        }
      >
        <SearchField
          label="Find devices"
          placeholder="Name, product, vendor, driver…"
          value={text}
          onChange={(next) => void setText(next || null)}
          className="w-full sm:w-72"
        />
      </Toolbar>
      <DataTable
        label={`Devices of ${host.name}`}
        columns={columns}
        rows={rows}
        rowId={rowId}
        rowName={rowName}
        sort={sort}
        rowsOf={rowsOf}
        onSortChange={onSortChange}
        empty={<EmptyState title={text ? 'No device matches' : 'No devices are known'} />}
        className="min-h-60 flex-1 border-t border-line"
      />
    </>
  )
}
