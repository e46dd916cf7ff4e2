import { cx } from './class-name.ts'
import { formatUnit, type Unit } from './format.ts'

export interface SparklineProps {
  label: string
  /** Oldest first, evenly spaced; null breaks the line. */
  values: readonly (number | null)[]
  unit: Unit
  /** The top of the scale; the largest value when left out. */
  max?: number
  widthPx?: number
  heightPx?: number
  className?: string
}

/** A line of recent values for a row: one path, no axes, no events. */
export function Sparkline({ label, values, unit, max, widthPx = 72, heightPx = 18, className }: SparklineProps) {
  const known = values.filter((value) => value !== null)
  const top = max ?? Math.max(...known, 0)
  const latest = known.at(-1)
  const summary =
    known.length === 0
      ? `${label}: no data`
      : `${label}: ${formatUnit(latest, unit)} now, at most ${formatUnit(Math.max(...known), unit)}`
  return (
    <svg
      role="img"
      aria-label={summary}
      width={widthPx}
      height={heightPx}
      viewBox={`0 0 ${widthPx} ${heightPx}`}
      className={cx('shrink-0 overflow-visible text-series-1', className)}
    >
      <line x1="0" x2={widthPx} y1={heightPx - 0.5} y2={heightPx - 0.5} className="stroke-line" />
      <path
        d={sparklinePath(values, top, widthPx, heightPx)}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.25"
        strokeLinejoin="round"
      />
    </svg>
  )
}

/** The path of a sparkline in a box; a null starts a new piece. */
export function sparklinePath(
  values: readonly (number | null)[],
  top: number,
  widthPx: number,
  heightPx: number,
): string {
  const step = values.length > 1 ? widthPx / (values.length - 1) : 0
  const scale = top > 0 ? (heightPx - 2) / top : 0
  let path = ''
  let isOpen = false
  values.forEach((value, index) => {
    if (value === null) {
      isOpen = false
      return
    }
    const x = (index * step).toFixed(1)
    const y = (heightPx - 1 - Math.min(value, top) * scale).toFixed(1)
    path += `${isOpen ? 'L' : 'M'}${x} ${y}`
    isOpen = true
  })
  return path
}
