'use client'

import { useQuery } from '@tanstack/react-query'
import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import { CapacityMeters } from '#components/site/capacity-meters.tsx'
import { siteLook } from '#components/site/site-state.ts'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { Card } from '#components/ui/card.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { Link } from '#components/ui/link.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { StateIcon } from '#components/ui/state-icon.tsx'

/** What each site has, and what is used and promised of it. */
export function CapacityCard({ places }: { places: Outputs['fleet']['places'] }) {
  const trpc = useTRPC()
  const capacity = useQuery(trpc.site.capacity.queryOptions())
  return (
    <Card title="Capacity by site" isFlush>
      {capacity.error ? (
        <ErrorMessage {...pageFailure('Capacity could not be read', { ...capacity, error: capacity.error })} />
      ) : !capacity.data ? (
        <SkeletonRows rows={places.sites.length} />
      ) : (
        <ul className="divide-y divide-line">
          {places.sites.map((site) => {
            const own = capacity.data.find((row) => row.siteId === site.id)
            const { look, word } = siteLook(site, true)
            return (
              <li
                key={site.id}
                className="grid grid-cols-1 items-center gap-x-8 gap-y-2 px-4 py-2.5 lg:grid-cols-[minmax(120px,180px)_1fr]"
              >
                <span className="flex min-w-0 items-center gap-2 text-sm">
                  <StateIcon state={look} label={word} />
                  <Link href={`/sites/${site.id}`} tone="plain" className="truncate font-medium">
                    {site.name}
                  </Link>
                  {site.simulated && <SimulatedBadge />}
                </span>
                {own ? (
                  <CapacityMeters capacity={own} />
                ) : (
                  <span className="text-xs text-ink-muted">
                    {site.hosts === 0 ? 'No hosts yet' : 'None of its hosts answers'}
                  </span>
                )}
              </li>
            )
          })}
        </ul>
      )}
    </Card>
  )
}
