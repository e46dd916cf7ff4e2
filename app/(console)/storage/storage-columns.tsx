import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import { Badge } from '#components/ui/badge.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { formatBytes, formatCount } from '#components/ui/format.ts'
import { Meter } from '#components/ui/meter.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import type { SortValue } from '#components/ui/use-sorted-rows.ts'
import type { StorageGroup } from './storage-group.ts'

const share = (group: StorageGroup) => (group.capacityBytes > 0 ? group.usedBytes / group.capacityBytes : 0)
const hostNames = (group: StorageGroup) => group.pools.map((pool) => pool.host.name).join(', ')

export const storageSorts: Record<string, SortValue<StorageGroup>> = {
  name: (group) => `${group.name} ${hostNames(group)}`,
  hosts: hostNames,
  use: share,
  free: (group) => group.capacityBytes - group.usedBytes,
  kind: (group) => group.kind,
  volumes: (group) => group.volumes,
}

export const storageColumns: DataColumn<StorageGroup>[] = [
  {
    id: 'name',
    header: 'Name',
    isSortable: true,
    widthPx: 170,
    grow: 1,
    cell: (group) => (
      <>
        {group.name}
        {group.isShared && <Badge tone="accent">shared</Badge>}
      </>
    ),
  },
  {
    id: 'hosts',
    header: 'Hosts',
    isSortable: true,
    widthPx: 180,
    grow: 1,
    cell: (group) => (
      <>
        <span className="truncate">{hostNames(group)}</span>
        {group.pools.every(({ host }) => host.simulated) && <SimulatedBadge />}
      </>
    ),
  },
  {
    id: 'state',
    header: 'State',
    widthPx: 110,
    cell: (group) => (
      <StateBadge
        state={group.active === group.pools.length ? 'running' : group.active === 0 ? 'off' : 'degraded'}
        label={group.active === 0 ? 'Not active' : group.active < group.pools.length ? 'Partly active' : 'Active'}
        variant="plain"
      />
    ),
  },
  {
    id: 'use',
    header: 'Used',
    isSortable: true,
    widthPx: 200,
    cell: (group) => (
      <>
        <Meter
          label={`Used of ${group.name}`}
          used={group.usedBytes}
          limit={group.capacityBytes}
          unit="bytes"
          warnAt={0.85}
          isCompact
          className="shrink-0"
        />
        <span className="ml-2 text-xs text-ink-faint">of {formatBytes(group.capacityBytes)}</span>
      </>
    ),
  },
  {
    id: 'free',
    header: 'Free',
    isSortable: true,
    align: 'end',
    widthPx: 90,
    cell: (group) => formatBytes(group.capacityBytes - group.usedBytes),
  },
  {
    id: 'volumes',
    header: 'Volumes',
    isSortable: true,
    align: 'end',
    widthPx: 84,
    cell: (group) => formatCount(group.volumes),
  },
  { id: 'kind', header: 'Kind', isSortable: true, widthPx: 80, cell: (group) => group.kind },
  {
    id: 'path',
    header: 'Path',
    isMono: true,
    widthPx: 200,
    grow: 1,
    cell: (group) => <span className="truncate">{group.path ?? '–'}</span>,
  },
]
