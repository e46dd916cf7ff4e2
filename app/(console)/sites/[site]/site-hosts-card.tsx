'use client'

import { HostStateBadge } from '#components/host/host-state-badge.tsx'
import { acceleratorWord } from '#components/host/host-words.ts'
import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import { roundTripText } from '#components/site/round-trip.ts'
import type { Outputs } from '#components/trpc/client.tsx'
import { ButtonLink } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { formatBytes, formatCounted } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { Meter } from '#components/ui/meter.tsx'
import { CreateVmLink } from '#components/vm/create-vm-link.tsx'

type Places = Outputs['fleet']['places']
type Host = Places['hosts'][number]

export interface SiteHostsCardProps {
  siteId: string
  places: Places
  operator: boolean
}

/** The site's hosts; others than operators see those that carry their VMs. */
export function SiteHostsCard({ siteId, places, operator }: SiteHostsCardProps) {
  const hosts = places.hosts.filter((host) => host.siteId === siteId)
  const roundTrip = roundTripText(hosts)
  return (
    <Card title={operator ? 'Hosts' : 'Hosts with your VMs'} isFlush>
      {hosts.length === 0 && (
        <EmptyState
          title={operator ? 'No hosts yet' : 'No VMs of yours here'}
          action={
            operator ? (
              <ButtonLink href={`/hosts?add=yes&site=${siteId}`} variant="primary">
                Add a host
              </ButtonLink>
            ) : (
              <CreateVmLink />
            )
          }
        >
          {operator && 'A host is a machine with libvirt and QEMU.'}
        </EmptyState>
      )}
      <ul className="divide-y divide-line">
        {hosts.map((host) => (
          <HostLine key={host.id} host={host} operator={operator} />
        ))}
      </ul>
      {roundTrip && (
        <p className="border-t border-line px-4 py-2 text-xs text-ink-muted">
          Control round trip from the console’s worker: <span className="tabular-nums">{roundTrip}</span>. It says
          nothing of the links between sites.
        </p>
      )}
    </Card>
  )
}

function HostLine({ host, operator }: { host: Host; operator: boolean }) {
  const vms = formatCounted(host.count.vms, 'VM')
  return (
    <li className="grid items-center gap-x-6 gap-y-2 px-4 py-2.5 text-sm md:grid-cols-[minmax(150px,1fr)_minmax(0,0.8fr)_minmax(0,1.2fr)_60px]">
      <span className="min-w-0">
        <span className="flex flex-wrap items-center gap-2">
          {operator ? (
            <Link href={`/hosts/${host.id}`} tone="plain" className="font-medium">
              {host.name}
            </Link>
          ) : (
            <span className="font-medium">{host.name}</span>
          )}
          {host.simulated && <SimulatedBadge />}
        </span>
        <HostStateBadge state={host.state} draining={host.draining} />
        {operator && host.state === 'connected' && (
          <span className="ml-2 text-xs text-ink-faint">{acceleratorWord[host.accelerator]}</span>
        )}
      </span>
      {operator && host.state === 'connected' ? (
        <>
          <Meter label="CPU" used={host.cpuUsage ?? 0} limit={1} unit="percent" />
          <Meter
            label="Memory"
            used={Number(host.memoryBytes - host.memoryFreeBytes)}
            limit={Number(host.memoryBytes)}
            unit="bytes"
          />
        </>
      ) : (
        <span className="text-xs text-ink-muted md:col-span-2">
          {operator && (host.stateReason ?? (host.memoryBytes > 0 ? formatBytes(Number(host.memoryBytes)) : ''))}
        </span>
      )}
      <Link href={`/fleet?filter=host:${host.name}`} tone="muted" className="justify-self-start md:justify-self-end">
        {vms}
      </Link>
    </li>
  )
}
