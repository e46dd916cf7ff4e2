'use client'

import { Globe, Maximize } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { feature } from 'topojson-client'
import landTopology from 'world-atlas/land-110m.json' with { type: 'json' }
import { cx } from './class-name.ts'
import { IconButton } from './icon-button.tsx'
import { MapLinkLine } from './map-link.tsx'
import { MapMarker } from './map-marker.tsx'
import { fitProjection, type MapPoint, markerScale, placeLabels } from './map-projection.ts'
import type { VisualState } from './state.ts'
import { StateBadge } from './state-badge.tsx'
import { useElementWidth } from './use-element-width.ts'

/** A site on the map. The kind decides the frame of its marker, the state the shape and colour inside. */
export interface MapSite extends MapPoint {
  name: string
  kind: 'region' | 'edge' | 'emulated'
  state: VisualState
  /** The state in the words of the page */
  stateWord: string
  /** A few words for the card: "3 hosts · 12 VMs". */
  summary?: string
  details?: ReactNode
}

/** A line between two sites. */
export interface MapLink {
  id: string
  fromId: string
  toId: string
  state: 'running' | 'degraded' | 'failed' | 'unknown'
  stateWord: string
  /** "18 ms · 940 Mbit/s". */
  summary?: string
}

export interface WorldMapProps {
  label: string
  sites: readonly MapSite[]
  links?: readonly MapLink[]
  onSelect?: (site: MapSite) => void
  heightPx?: number
  /** Where it starts; the person can change it. */
  extent?: 'world' | 'sites'
  className?: string
}

const land = feature(landTopology, landTopology.objects.land)

/** Sites where they are, and how they are. Tab walks the sites, Enter opens one; hover and focus show details. */
export function WorldMap({ label, sites, links = [], onSelect, heightPx = 320, className, ...rest }: WorldMapProps) {
  const { ref, widthPx } = useElementWidth<HTMLElement>()
  const [extent, setExtent] = useState(rest.extent ?? 'sites')
  const [shownId, setShownId] = useState<string | null>(null)
  const drawn = useMemo(() => {
    if (widthPx === 0) return null
    const { projection, path } = fitProjection(widthPx, heightPx, sites, extent)
    const places = new Map<string, [number, number]>()
    for (const site of sites) places.set(site.id, projection([site.longitude, site.latitude]) ?? [0, 0])
    const points = sites.map((site) => {
      const [x = 0, y = 0] = places.get(site.id) ?? []
      return { id: site.id, label: site.name, x, y }
    })
    const labels = placeLabels(points, widthPx)
    return { path, places, labels, scale: markerScale(points), landPath: path(land) ?? '' }
  }, [widthPx, heightPx, sites, extent])
  const shown = sites.find((site) => site.id === shownId)
  const shownLink = links.find((link) => link.id === shownId)
  const nameOf = (id: string) => sites.find((site) => site.id === id)?.name ?? id
  const place = shown && drawn?.places.get(shown.id)

  return (
    <figure
      ref={ref}
      aria-label={label}
      className={cx('relative min-w-0 overflow-hidden bg-sea', className)}
      style={{ height: heightPx }}
    >
      {drawn && (
        <svg width={widthPx} height={heightPx} role="group" aria-label={label} className="block">
          <path d={drawn.landPath} className="fill-land" />
          {links.map((link) => {
            const from = sites.find((site) => site.id === link.fromId)
            const to = sites.find((site) => site.id === link.toId)
            if (!from || !to) return null
            return (
              <MapLinkLine
                key={link.id}
                path={drawn.path}
                from={from}
                to={to}
                state={link.state}
                isShown={shownId === link.id || shownId === from.id || shownId === to.id}
                onShow={(isShown) => setShownId(isShown ? link.id : null)}
              />
            )
          })}
          {sites.map((site) => {
            const [x, y] = drawn.places.get(site.id) ?? [0, 0]
            return (
              <MapMarker
                key={site.id}
                site={site}
                x={x}
                y={y}
                scale={drawn.scale}
                labelSide={drawn.labels.get(site.id)}
                onShow={(isShown) => setShownId(isShown ? site.id : null)}
                onSelect={onSelect && (() => onSelect(site))}
              />
            )
          })}
        </svg>
      )}
      <div className="absolute right-2 bottom-2 flex gap-0.5 rounded-md bg-surface">
        <IconButton
          label="Show all sites closely"
          icon={<Maximize size={14} aria-hidden="true" />}
          isPressed={extent === 'sites'}
          onPress={() => setExtent('sites')}
        />
        <IconButton
          label="Show the world"
          icon={<Globe size={14} aria-hidden="true" />}
          isPressed={extent === 'world'}
          onPress={() => setExtent('world')}
        />
      </div>
      {shown && place && (
        <div
          className="pointer-events-none absolute z-1 w-56 rounded-lg bg-raised p-3 text-sm shadow-float"
          style={cardPosition(place[0], place[1], widthPx, heightPx)}
        >
          <div className="flex items-center justify-between gap-2">
            <span className="truncate font-medium text-ink">{shown.name}</span>
            <StateBadge state={shown.state} label={shown.stateWord} />
          </div>
          <p className="mt-0.5 text-xs text-ink-muted">
            {{ region: 'Region', edge: 'Edge', emulated: 'Emulated edge' }[shown.kind]}
            {shown.summary && ` · ${shown.summary}`}
          </p>
          {shown.details && <div className="mt-2 text-xs text-ink-muted">{shown.details}</div>}
        </div>
      )}
      {shownLink && (
        <p className="pointer-events-none absolute bottom-2 left-2 rounded-md bg-raised px-2 py-1 text-xs text-ink shadow-float">
          {nameOf(shownLink.fromId)} – {nameOf(shownLink.toId)}: {shownLink.summary ?? shownLink.stateWord}
        </p>
      )}
      <ul className="sr-only">
        {links.map((link) => (
          <li key={link.id}>
            Link {nameOf(link.fromId)} to {nameOf(link.toId)}: {link.stateWord}
            {link.summary && `, ${link.summary}`}
          </li>
        ))}
      </ul>
    </figure>
  )
}

/** Beside the marker, on the side with room. */
function cardPosition(x: number, y: number, widthPx: number, heightPx: number) {
  const isLeft = x > widthPx / 2
  const isAbove = y > heightPx / 2
  return {
    ...(isLeft ? { right: widthPx - x + 14 } : { left: x + 14 }),
    ...(isAbove ? { bottom: heightPx - y + 10 } : { top: y + 10 }),
  }
}
