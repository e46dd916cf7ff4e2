import { HostStateBadge } from '#components/host/host-state-badge.tsx'
import { acceleratorWord } from '#components/host/host-words.ts'
import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import type { Outputs } from '#components/trpc/client.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { formatBytes, formatCount, formatCounted } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { Meter } from '#components/ui/meter.tsx'
import type { SortValue } from '#components/ui/use-sorted-rows.ts'

export type HostRow = Outputs['host']['list'][number]

const none = <span className="text-ink-faint">–</span>
const isKnown = (host: HostRow) => host.state === 'connected'
const usedBytes = (host: HostRow) => Number(host.memoryBytes - host.memoryFreeBytes)

export const hostSorts = (siteNames: ReadonlyMap<string, string>): Record<string, SortValue<HostRow>> => ({
  name: (host) => host.name,
  state: (host) => `${host.state === 'connected' ? 1 : 0}${host.draining ? 0 : 1}`,
  site: (host) => siteNames.get(host.siteId),
  accelerator: (host) => host.accelerator,
  cpu: (host) => (isKnown(host) ? host.cpuUsage : null),
  memory: (host) => (isKnown(host) ? usedBytes(host) / Number(host.memoryBytes) : null),
  promised: (host) => host.promised.memoryBytes,
  vms: (host) => host.promised.vms,
  versions: (host) => host.libvirtVersion,
})

/** The table's columns; all but the name can be hidden. */
export function hostColumns(siteNames: ReadonlyMap<string, string>): DataColumn<HostRow>[] {
  return [
    {
      id: 'name',
      header: 'Name',
      isSortable: true,
      widthPx: 170,
      grow: 1,
      cell: (host) => (
        <>
          {host.name}
          {host.simulated && <SimulatedBadge />}
        </>
      ),
    },
    {
      id: 'state',
      header: 'State',
      isSortable: true,
      widthPx: 190,
      grow: 2,
      cell: (host) => (
        <span className="flex min-w-0 items-center gap-2">
          <HostStateBadge state={host.state} draining={host.draining} />
          {host.state !== 'connected' && host.stateReason && (
            <span className="truncate text-xs text-ink-muted" title={host.stateReason}>
              {host.stateReason}
            </span>
          )}
        </span>
      ),
    },
    {
      id: 'site',
      header: 'Site',
      isSortable: true,
      canHide: true,
      widthPx: 100,
      cell: (host) => (
        <Link href={`/sites/${host.siteId}`} tone="plain">
          {siteNames.get(host.siteId) ?? '–'}
        </Link>
      ),
    },
    {
      id: 'cpu',
      header: 'CPU',
      isSortable: true,
      canHide: true,
      widthPx: 152,
      cell: (host) =>
        isKnown(host) && host.cpuUsage !== null ? (
          <>
            <Meter
              label={`CPU of ${host.name}`}
              used={host.cpuUsage}
              limit={1}
              unit="percent"
              isCompact
              className="shrink-0"
            />
            <span className="ml-2 text-xs text-ink-faint">of {host.cpuCount}</span>
          </>
        ) : (
          none
        ),
    },
    {
      id: 'memory',
      header: 'Memory',
      isSortable: true,
      canHide: true,
      widthPx: 186,
      cell: (host) =>
        isKnown(host) ? (
          <>
            <Meter
              label={`Memory of ${host.name}`}
              used={usedBytes(host)}
              limit={Number(host.memoryBytes)}
              unit="bytes"
              isCompact
              className="shrink-0"
            />
            <span className="ml-2 text-xs text-ink-faint">of {formatBytes(Number(host.memoryBytes))}</span>
          </>
        ) : (
          none
        ),
    },
    {
      id: 'promised',
      header: 'Promised',
      isSortable: true,
      canHide: true,
      align: 'end',
      widthPx: 140,
      cell: (host) => `${formatCounted(host.promised.vcpus, 'vCPU')}, ${formatBytes(host.promised.memoryBytes)}`,
    },
    {
      id: 'vms',
      header: 'VMs',
      isSortable: true,
      canHide: true,
      align: 'end',
      widthPx: 64,
      cell: (host) => formatCount(host.promised.vms),
    },
    {
      id: 'accelerator',
      header: 'Accelerator',
      isSortable: true,
      canHide: true,
      widthPx: 104,
      cell: (host) => <span title={host.acceleratorReason ?? undefined}>{acceleratorWord[host.accelerator]}</span>,
    },
    {
      id: 'versions',
      header: 'libvirt · QEMU',
      isSortable: true,
      canHide: true,
      widthPx: 140,
      cell: (host) => (
        <span className="truncate text-xs text-ink-muted">
          {host.libvirtVersion ? `${host.libvirtVersion} · ${host.hypervisorVersion ?? '–'}` : '–'}
        </span>
      ),
    },
  ]
}
