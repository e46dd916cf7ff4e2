'use client'

import { useQuery } from '@tanstack/react-query'
import { ChevronRight } from 'lucide-react'
import { useId, useState } from 'react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { FittedTable } from '#components/ui/fitted-table.tsx'
import { formatBytes, formatCounted } from '#components/ui/format.ts'

type Volume = Outputs['storage']['volumes'][number]

const columns: DataColumn<Volume>[] = [
  { id: 'name', header: 'Volume', widthPx: 200, grow: 2, isMono: true, cell: (volume) => volume.name },
  { id: 'format', header: 'Format', widthPx: 80, cell: (volume) => volume.format ?? '–' },
  {
    id: 'capacity',
    header: 'Capacity',
    widthPx: 96,
    align: 'end',
    cell: (volume) => formatBytes(Number(volume.capacityBytes)),
  },
  {
    id: 'written',
    header: 'Written',
    widthPx: 96,
    align: 'end',
    cell: (volume) => formatBytes(Number(volume.allocationBytes)),
  },
  {
    id: 'backing',
    header: 'Lies over',
    widthPx: 200,
    grow: 2,
    isMono: true,
    cell: (volume) => <span className="truncate">{volume.backingPath ?? '–'}</span>,
  },
]
const rowId = (volume: Volume) => volume.id
const rowName = (volume: Volume) => volume.name

/** The volumes of a storage pool, read when a person opens them. */
export function VolumeList({ pool }: { pool: { id: string; name: string; count: number } }) {
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  return (
    <div className="mt-2">
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
        className="-ml-1 flex items-center gap-1 rounded-sm px-1 py-0.5 text-xs text-ink-muted hover:text-ink"
      >
        <ChevronRight size={13} aria-hidden="true" className={isOpen ? 'rotate-90' : undefined} />
        {formatCounted(pool.count, 'volume')}
        <span className="sr-only"> in {pool.name}</span>
      </button>
      {isOpen && (
        <div id={id} className="mt-1 overflow-hidden rounded-md border border-line">
          <Volumes pool={pool} />
        </div>
      )}
    </div>
  )
}

/** The volumes themselves, a thousand at most. */
export function Volumes({ pool }: { pool: { id: string; name: string } }) {
  const volumes = useQuery(useTRPC().storage.volumes.queryOptions({ storagePoolId: pool.id }))
  return (
    <FittedTable
      label={`Volumes of ${pool.name}`}
      columns={columns}
      rows={volumes.data ?? []}
      rowId={rowId}
      rowName={rowName}
      isLoading={volumes.isPending}
      error={volumes.error && failure('The volumes could not be read', volumes.error)}
      empty={<EmptyState title="It is empty" />}
    />
  )
}
