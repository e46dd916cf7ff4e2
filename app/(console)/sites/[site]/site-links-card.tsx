'use client'

import { linkSummary } from '#components/site/site-map.tsx'
import { linkLook } from '#components/site/site-state.ts'
import type { Outputs } from '#components/trpc/client.tsx'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { Link } from '#components/ui/link.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'

/** The ways from this site to the others. */
export function SiteLinksCard({ siteId, places }: { siteId: string; places: Outputs['fleet']['places'] }) {
  const links = places.links
    .filter((link) => link.fromSiteId === siteId || link.toSiteId === siteId)
    .flatMap((link) => {
      const otherId = link.fromSiteId === siteId ? link.toSiteId : link.fromSiteId
      const other = places.sites.find((site) => site.id === otherId)
      return other ? [{ ...link, other }] : []
    })
    .toSorted((a, b) => a.other.name.localeCompare(b.other.name))
  return (
    <Card title="Links" isFlush className="self-start">
      {links.length === 0 && (
        <EmptyState title="No links yet">They are measured once two sites have hosts that reach each other.</EmptyState>
      )}
      <ul className="divide-y divide-line">
        {links.map((link) => (
          <li key={link.id} className="flex flex-wrap items-center gap-x-3 gap-y-0.5 px-4 py-2 text-sm">
            <span className="min-w-0 flex-1">
              to{' '}
              <Link href={`/sites/${link.other.id}`} tone="plain" className="font-medium">
                {link.other.name}
              </Link>
              <span className="block text-xs text-ink-muted">
                {linkSummary(link) || 'Nothing measured'}
                {link.checkedAt && (
                  <span className="text-ink-faint">
                    {' · '}
                    <RelativeTime at={link.checkedAt} />
                  </span>
                )}
              </span>
            </span>
            <StateBadge state={linkLook[link.state].look} label={linkLook[link.state].word} variant="plain" />
          </li>
        ))}
      </ul>
    </Card>
  )
}
