'use client'

import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import type { Outputs } from '#components/trpc/client.tsx'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { formatCount, formatCounted } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { CreateVmLink } from '#components/vm/create-vm-link.tsx'

/** Where one's own VMs are. */
export function VmsBySiteCard({ places }: { places: Outputs['fleet']['places'] }) {
  const sites = places.sites.filter((site) => site.count.vms > 0)
  return (
    <Card title="Your VMs by site" isFlush>
      {sites.length === 0 && <EmptyState title="No VMs yet" action={<CreateVmLink />} />}
      <ul className="divide-y divide-line">
        {sites.map((site) => (
          <li key={site.id} className="flex items-center gap-3 px-4 py-2 text-sm">
            <span className="flex min-w-0 flex-1 items-center gap-2">
              <Link href={`/sites/${site.id}`} tone="plain" className="truncate font-medium">
                {site.name}
              </Link>
              {site.simulated && <SimulatedBadge />}
            </span>
            <Link href={`/fleet?filter=${encodeURIComponent(`site:"${site.name}"`)}`} tone="muted">
              {formatCounted(site.count.vms, 'VM')}, {formatCount(site.count.running)} running
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  )
}
