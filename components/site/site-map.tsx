'use client'

import { useMemo } from 'react'
import type { Outputs } from '#components/trpc/client.tsx'
import { formatBitsPerSecond, formatCount, formatCounted, formatMilliseconds } from '#components/ui/format.ts'
import { useGo } from '#components/ui/use-go.ts'
import { type MapLink, type MapSite, WorldMap } from '#components/ui/world-map.tsx'
import { roundTripText } from './round-trip.ts'
import { linkLook, siteLook } from './site-state.ts'

type Places = Outputs['fleet']['places']

const kinds = { region: 'region', edge: 'edge', emulated_edge: 'emulated' } as const

const asMapSite = (site: Places['sites'][number], hosts: Places['hosts'], operator: boolean): MapSite => ({
  id: site.id,
  name: site.name,
  latitude: site.latitude,
  longitude: site.longitude,
  kind: kinds[site.kind],
  state: siteLook(site, operator).look,
  stateWord: siteLook(site, operator).word,
  summary: [
    operator ? `${formatCount(site.hostsConnected)} of ${formatCounted(site.hosts, 'host')}` : null,
    formatCounted(site.count.vms, 'VM'),
  ]
    .filter(Boolean)
    .join(' · '),
  details: detailsOf(site, hosts) || undefined,
})

function detailsOf(site: Places['sites'][number], hosts: Places['hosts']): string {
  const roundTrip = roundTripText(hosts.filter((host) => host.siteId === site.id))
  return [site.simulated && 'Simulated', roundTrip && `Control round trip from the console’s worker: ${roundTrip}`]
    .filter(Boolean)
    .join('. ')
}

/** Round trip and rate of a link, as far as they were measured. */
export const linkSummary = (link: Pick<Places['links'][number], 'roundTripMs' | 'bitsPerSecond'>) =>
  [
    link.roundTripMs === null ? null : formatMilliseconds(link.roundTripMs),
    link.bitsPerSecond === null ? null : formatBitsPerSecond(link.bitsPerSecond),
  ]
    .filter(Boolean)
    .join(' · ')

const asMapLink = (link: Places['links'][number]): MapLink => ({
  id: link.id,
  fromId: link.fromSiteId,
  toId: link.toSiteId,
  state: linkLook[link.state].look,
  stateWord: linkLook[link.state].word,
  ...(linkSummary(link) ? { summary: linkSummary(link) } : {}),
})

export interface SiteMapProps {
  places: Places
  /** Others know only the hosts that carry their VMs */
  operator: boolean
  heightPx?: number
  className?: string
}

/** Every site where it is and how it is; choosing one opens it. */
export function SiteMap({ places, operator, heightPx, className }: SiteMapProps) {
  const go = useGo()
  const sites = useMemo(
    () => places.sites.map((site) => asMapSite(site, places.hosts, operator)),
    [places.sites, places.hosts, operator],
  )
  const links = useMemo(() => places.links.map(asMapLink), [places.links])
  return (
    <WorldMap
      label="Sites on the map"
      sites={sites}
      links={links}
      onSelect={(site) => go(`/sites/${site.id}`)}
      {...(heightPx ? { heightPx } : {})}
      {...(className ? { className } : {})}
    />
  )
}
