import { Lock } from 'lucide-react'
import { SimulatedMark } from '#components/host/simulated-mark.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { formatBytes, formatPercent } from '#components/ui/format.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { Sparkline } from '#components/ui/sparkline.tsx'
import { TagList } from '#components/ui/tag.tsx'
import { VmStateBadge } from '#components/vm/vm-state-badge.tsx'
import type { VmRow } from '#server/schema/vm.ts'
import type { PlaceNames } from './place-names.ts'

const none = <span className="text-ink-faint">–</span>

/** The table's columns; names of places come from the fleet, which is small and already here. */
export function fleetColumns(places: PlaceNames | undefined): DataColumn<VmRow>[] {
  const hosts = new Map(places?.hosts.map((host) => [host.id, host]))
  const sites = new Map(places?.sites.map((site) => [site.id, site.name]))
  const tenants = new Map(places?.tenants.map((tenant) => [tenant.id, tenant.name]))
  return [
    {
      id: 'name',
      header: 'Name',
      isSortable: true,
      widthPx: 122,
      grow: 2,
      fits: true,
      cell: (vm) =>
        vm.protected ? (
          <>
            <span title={vm.name} className="truncate">
              {vm.name}
            </span>
            <Lock size={11} aria-label="Protected" className="shrink-0 text-ink-faint" />
          </>
        ) : (
          vm.name
        ),
    },
    {
      id: 'state',
      header: 'State',
      isSortable: true,
      widthPx: 120,
      fits: true,
      cell: (vm) => <VmStateBadge state={vm.state} stateReason={vm.stateReason} operation={vm.operation} />,
    },
    {
      id: 'site',
      header: 'Site',
      isSortable: true,
      canHide: true,
      widthPx: 80,
      grow: 1,
      cell: (vm) => sites.get(vm.siteId) ?? none,
    },
    {
      id: 'host',
      header: 'Host',
      isSortable: true,
      canHide: true,
      widthPx: 90,
      grow: 1,
      text: (vm) => hosts.get(vm.hostId)?.name,
      cell: (vm) => {
        const host = hosts.get(vm.hostId)
        if (!host) return none
        if (!host.simulated) return host.name
        return (
          <>
            <SimulatedMark />
            {host.name}
          </>
        )
      },
    },
    {
      id: 'tenant',
      header: 'Tenant',
      isSortable: true,
      canHide: true,
      widthPx: 120,
      grow: 1,
      cell: (vm) =>
        vm.tenantId ? (tenants.get(vm.tenantId) ?? none) : <span className="text-ink-faint">unassigned</span>,
    },
    {
      id: 'cpu',
      header: 'CPU',
      isSortable: true,
      canHide: true,
      align: 'end',
      widthPx: 88,
      fits: true,
      cell: (vm) =>
        vm.cpuUsage === null || vm.state !== 'running' ? (
          none
        ) : (
          <span className="flex items-center justify-end gap-1">
            <Sparkline label="CPU" values={vm.cpuSeries} unit="percent" max={1} widthPx={24} />
            <span className="w-11">{formatPercent(vm.cpuUsage)}</span>
          </span>
        ),
    },
    {
      id: 'vcpus',
      header: 'vCPUs',
      isSortable: true,
      canHide: true,
      align: 'end',
      widthPx: 72,
      cell: (vm) => vm.vcpuCount,
    },
    {
      id: 'memory',
      header: 'Memory',
      isSortable: true,
      canHide: true,
      align: 'end',
      widthPx: 80,
      cell: (vm) => formatBytes(vm.memoryBytes),
    },
    {
      id: 'disk',
      header: 'Disk',
      isSortable: true,
      canHide: true,
      align: 'end',
      widthPx: 84,
      cell: (vm) => formatBytes(vm.diskBytes),
    },
    {
      id: 'address',
      header: 'Address',
      canHide: true,
      isMono: true,
      widthPx: 124,
      cell: (vm) => vm.addresses[0] ?? none,
    },
    {
      id: 'tags',
      header: 'Tags',
      canHide: true,
      widthPx: 122,
      grow: 1,
      cell: (vm) => <TagList tags={vm.tags} limit={2} roomLetters={9} />,
    },
    {
      id: 'created',
      header: 'Created',
      isSortable: true,
      canHide: true,
      widthPx: 108,
      fits: true,
      cell: (vm) => <RelativeTime at={vm.createdAt} />,
    },
  ]
}
