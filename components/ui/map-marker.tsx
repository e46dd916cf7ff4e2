import type { KeyboardEvent } from 'react'
import { cx } from './class-name.ts'
import type { LabelSide } from './map-projection.ts'
import { stateTextClass } from './state.ts'
import { StateShape } from './state-icon.tsx'
import type { MapSite } from './world-map.tsx'

export interface MapMarkerProps {
  site: MapSite
  x: number
  y: number
  scale: number
  /** Left out where the name has no room. */
  labelSide: LabelSide | undefined
  onShow: (isShown: boolean) => void
  onSelect?: () => void
}

const kindWord = { region: 'region', edge: 'edge', emulated: 'emulated edge' }
const labelPlace = {
  right: { x: 13, y: 0, textAnchor: 'start' },
  left: { x: -13, y: 0, textAnchor: 'end' },
  above: { x: 0, y: -18, textAnchor: 'middle' },
  below: { x: 0, y: 18, textAnchor: 'middle' },
} as const

/** A site: a square frame for a region, round for an edge, round and dashed for an emulated one; its state inside. */
export function MapMarker({ site, x, y, scale, labelSide, onShow, onSelect }: MapMarkerProps) {
  const frame = 'fill-surface stroke-current'
  return (
    <g
      role="button"
      tabIndex={0}
      aria-label={`${site.name}, ${kindWord[site.kind]}, ${site.stateWord}${site.summary ? `, ${site.summary}` : ''}`}
      transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`}
      onPointerEnter={() => onShow(true)}
      onPointerLeave={() => onShow(false)}
      onFocus={() => onShow(true)}
      onBlur={() => onShow(false)}
      onClick={onSelect}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key !== 'Enter' && event.key !== ' ') return
        event.preventDefault()
        onSelect?.()
      }}
      className={cx(
        'group outline-none focus-visible:outline-none',
        stateTextClass[site.state],
        onSelect && 'cursor-pointer',
      )}
    >
      <circle r={scale < 1 ? 12 : 16} fill="transparent" />
      <g transform={`scale(${scale})`}>
        <circle
          r="12.5"
          fill="none"
          strokeWidth="2"
          className="stroke-focus opacity-0 group-focus-visible:opacity-100"
        />
        {site.kind === 'region' ? (
          <rect x="-8.5" y="-8.5" width="17" height="17" rx="4" strokeWidth="1.5" className={frame} />
        ) : (
          <circle
            r="8.5"
            strokeWidth="1.5"
            strokeDasharray={site.kind === 'emulated' ? '3 2.2' : undefined}
            className={frame}
          />
        )}
        <g transform="translate(-5 -5) scale(0.8333)">
          <StateShape state={site.state} />
        </g>
      </g>
      {labelSide && (
        <text
          {...labelPlace[labelSide]}
          dominantBaseline="central"
          paintOrder="stroke"
          strokeWidth="3"
          className="fill-ink stroke-sea font-medium text-xs"
        >
          {site.name}
        </text>
      )}
    </g>
  )
}
