'use client'

import { useQuery } from '@tanstack/react-query'
import { acceleratorWord } from '#components/host/host-words.ts'
import { CapacityMeters } from '#components/site/capacity-meters.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { Card } from '#components/ui/card.tsx'
import { ChartCard } from '#components/ui/chart-card.tsx'
import { formatBytes, formatCount, formatMilliseconds } from '#components/ui/format.ts'
import { KeyValueList } from '#components/ui/key-value-list.tsx'
import { Link } from '#components/ui/link.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { useHost } from './use-host.ts'
import { useHostSeries } from './use-host-series.ts'

/** What the host has, what is used and promised of it, and what it is. */
export function HostOverview() {
  const host = useHost()
  const { dataUpdatedAt } = useQuery(useTRPC().host.get.queryOptions({ id: host.id }))
  const points = useHostSeries(host, dataUpdatedAt)
  const isKnown = host.state === 'connected'
  const isAsSkerry = host.migrationUri === null || host.migrationUri === host.uri
  const emptyText = isKnown ? 'The first reading comes within seconds' : 'No readings while it can’t be reached'
  const shared = { timesSeconds: points.map((point) => point.atSeconds), syncKey: host.id, emptyText }
  return (
    <div className="grid min-w-0 gap-4 p-4 xl:grid-cols-[minmax(0,2fr)_minmax(320px,1fr)]">
      <div className="flex min-w-0 flex-col gap-4">
        <Card title="Capacity">
          {isKnown ? (
            <CapacityMeters
              capacity={{
                cpus: host.cpuCount,
                cpusUsed: (host.cpuUsage ?? 0) * host.cpuCount,
                vcpusPromised: host.promised.vcpus,
                memoryBytes: Number(host.memoryBytes),
                memoryUsedBytes: Number(host.memoryBytes - host.memoryFreeBytes),
                memoryPromisedBytes: host.promised.memoryBytes,
              }}
            />
          ) : (
            <p className="text-sm text-ink-muted">Not known while it can’t be reached.</p>
          )}
        </Card>
        <div className="grid min-w-0 gap-4 lg:grid-cols-2">
          <ChartCard
            {...shared}
            label="CPU"
            unit="percent"
            maxTop={1}
            series={[{ label: 'Of all CPUs', values: points.map((point) => point.cpuUsage), isFilled: true, color: 1 }]}
          />
          <ChartCard
            {...shared}
            label="Memory"
            unit="bytes"
            maxTop={Number(host.memoryBytes) || 1}
            series={[{ label: 'Used', values: points.map((point) => point.memoryUsedBytes), isFilled: true, color: 4 }]}
          />
        </div>
      </div>
      <Card title="Summary" className="self-start">
        <KeyValueList
          items={[
            { label: 'VMs', value: <VmsLink name={host.name} {...host.promised} /> },
            {
              label: 'Accelerator',
              value: acceleratorWord[host.accelerator],
              note: host.acceleratorReason ?? undefined,
            },
            { label: 'CPUs', value: host.cpuCount ? `${host.cpuCount} at ${host.cpuMhz} MHz` : null },
            { label: 'CPU model', value: host.cpuModel, isMono: true },
            { label: 'Architecture', value: host.architecture, isMono: true },
            { label: 'Memory', value: formatBytes(Number(host.memoryBytes)) },
            { label: 'libvirt', value: host.libvirtVersion },
            { label: 'Hypervisor', value: host.hypervisorVersion },
            { label: 'Host name', value: host.hostname, isMono: true },
            {
              label: 'Migrations reach it',
              value: isAsSkerry ? 'at the same address' : host.migrationUri,
              isMono: !isAsSkerry,
            },
            {
              label: 'Control round trip',
              value: host.controlRoundTripMs === null ? null : formatMilliseconds(host.controlRoundTripMs),
              note: 'From the console’s worker, the median of some minutes',
            },
            { label: 'State since', value: <RelativeTime at={host.stateSince} /> },
            { label: 'Last answer', value: host.lastSeenAt && <RelativeTime at={host.lastSeenAt} /> },
            {
              label: 'UUID',
              value: host.hostUuid,
              isMono: true,
              ...(host.hostUuid ? { copyText: host.hostUuid } : {}),
            },
          ]}
        />
      </Card>
    </div>
  )
}

function VmsLink({ name, vms, running }: { name: string; vms: number; running: number }) {
  return (
    <Link href={`/fleet?filter=host:${name}`}>
      {formatCount(vms)}, {formatCount(running)} running
    </Link>
  )
}
