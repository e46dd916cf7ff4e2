'use client'

import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import { formatCounted } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { SidePanel } from '#components/ui/side-panel.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { NetworkAccessForm } from './network-access-form.tsx'
import type { NetworkGroup } from './network-group.ts'

export interface NetworkPanelProps {
  group: NetworkGroup
  siteNames: ReadonlyMap<string, string>
  tenants: readonly { id: string; name: string }[]
  onClose: () => void
}

/** Who may use a network, and where it exists, host by host. */
export function NetworkPanel({ group, siteNames, tenants, onClose }: NetworkPanelProps) {
  return (
    <SidePanel isOpen onOpenChange={(isOpen) => !isOpen && onClose()} title={group.name}>
      <NetworkAccessForm key={group.name} group={group} tenants={tenants} />
      <h3 className="mt-6 text-sm font-semibold text-ink">Hosts</h3>
      <p className="mb-1 text-xs text-ink-muted">
        A VM on this network can move between these hosts and stay on it, as far as they lie in the same broadcast
        domain.
      </p>
      <ul aria-label={`Hosts with ${group.name}`} className="divide-y divide-line">
        {group.networks.map((network) => (
          <li key={network.id} className="flex flex-col gap-0.5 py-2 text-sm">
            <span className="flex items-center gap-2">
              <Link href={`/hosts/${network.host.id}/networks`} tone="plain" className="font-medium">
                {network.host.name}
              </Link>
              {network.host.simulated && <SimulatedBadge />}
              <span className="text-xs text-ink-muted">{siteNames.get(network.host.siteId)}</span>
              <span className="ml-auto">
                <StateBadge
                  state={network.active ? 'running' : 'off'}
                  label={network.active ? 'Active' : 'Not active'}
                  variant="plain"
                />
              </span>
            </span>
            <span className="text-xs text-ink-muted">
              {network.mode}
              {network.bridge && (
                <>
                  {' · '}
                  <span className="font-mono">{network.bridge}</span>
                </>
              )}
              {network.cidr && (
                <>
                  {' · '}
                  <span className="font-mono">{network.cidr}</span>
                </>
              )}
              {' · '}
              <Link href={`/fleet?filter=host:${network.host.name}`} tone="muted">
                {formatCounted(network.vms, 'VM')}
              </Link>
            </span>
          </li>
        ))}
      </ul>
    </SidePanel>
  )
}
