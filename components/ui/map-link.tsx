import type { GeoPath } from 'd3-geo'
import { cx } from './class-name.ts'
import type { MapPoint } from './map-projection.ts'

export interface MapLinkLineProps {
  path: GeoPath
  from: MapPoint
  to: MapPoint
  state: 'running' | 'degraded' | 'failed' | 'unknown'
  isShown: boolean
  onShow: (isShown: boolean) => void
}

const looks = {
  running: { line: 'stroke-ink-faint', dash: undefined, mark: '' },
  degraded: { line: 'stroke-degraded', dash: '7 3', mark: '' },
  failed: { line: 'stroke-failed', dash: '2 4', mark: 'M-3 -3 3 3M3 -3-3 3' },
  unknown: { line: 'stroke-unknown', dash: '1 4', mark: 'M-3 2 1 -2M-1 3 3 -1' },
}

/** A great circle between two sites: solid when it works, dashed when poor, dotted with a mark when cut. */
export function MapLinkLine({ path, from, to, state, isShown, onShow }: MapLinkLineProps) {
  const line = {
    type: 'LineString' as const,
    coordinates: [from, to].map((point) => [point.longitude, point.latitude]),
  }
  const drawn = path(line) ?? ''
  const [x, y] = path.centroid(line)
  const { line: names, dash, mark } = looks[state]
  return (
    <g onPointerEnter={() => onShow(true)} onPointerLeave={() => onShow(false)} fill="none">
      <path d={drawn} stroke="transparent" strokeWidth={12} />
      <path
        d={drawn}
        strokeDasharray={dash}
        className={cx(names, state === 'running' && !isShown && 'opacity-60')}
        strokeWidth={isShown ? 2 : 1.25}
      />
      {mark && (
        <g>
          <circle cx={x} cy={y} r={7} className="fill-sea" />
          <path
            d={mark}
            transform={`translate(${x} ${y})`}
            strokeWidth={1.75}
            strokeLinecap="round"
            className={state === 'failed' ? 'stroke-failed' : 'stroke-unknown'}
          />
        </g>
      )}
    </g>
  )
}
