import { cx } from './class-name.ts'
import { formatPercent, formatUnit, type Unit } from './format.ts'
import { fullFrom } from './full-from.ts'

export interface MeterProps {
  label: string
  isLabelHidden?: boolean
  used: number
  /** Null when there is no limit. */
  limit: number | null
  unit: Unit
  /** Shares of the limit from which it is amber, then red. */
  warnAt?: number
  failAt?: number
  /** More than there is is no fault: it is said how many times that is, and the bar shows where the limit lies. */
  mayExceed?: boolean
  /** The bar and the percentage alone, for rows. */
  isCompact?: boolean
  className?: string
}

const wordClass = { fine: 'font-medium', high: 'text-degraded', full: 'text-failed', over: 'text-failed' }

/** Use against a limit, in words and as a bar. Amber and red come with a word, never alone. */
export function Meter(props: MeterProps) {
  const { label, isLabelHidden, used, limit, unit, warnAt = 0.8, failAt = fullFrom, isCompact, className } = props
  const share = limit === null ? null : limit > 0 ? used / limit : used > 0 ? 1 : 0
  const isExceeded = props.mayExceed === true && share !== null && share > 1
  const level =
    share === null || props.mayExceed || share < warnAt ? 'fine' : share < failAt ? 'high' : share > 1 ? 'over' : 'full'
  const text =
    limit === null
      ? `${formatUnit(used, unit)}, no limit`
      : unit === 'percent'
        ? formatUnit(used, unit)
        : `${formatUnit(used, unit)} of ${formatUnit(limit, unit)}`
  const word = isExceeded
    ? `overcommitted ${Math.round(share * 100) / 100}×`
    : { fine: '', high: 'high', full: 'nearly full', over: 'over the limit' }[level]
  return (
    <div className={cx('min-w-0', isCompact ? 'flex items-center gap-2' : 'flex flex-col gap-1', className)}>
      {!isCompact && (
        <div className="flex items-baseline justify-between gap-2 text-xs">
          {!isLabelHidden && <span className="truncate text-ink-muted">{label}</span>}
          <span className="shrink-0 text-ink">
            {text}
            {word && <span className={wordClass[level]}> · {word}</span>}
          </span>
        </div>
      )}
      <div
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={Math.max(limit ?? used, used) || 1}
        aria-valuenow={used}
        aria-valuetext={word ? `${text}, ${word}` : text}
        className={cx('relative h-1 rounded-full bg-active', isCompact ? 'w-14 shrink-0' : 'w-full')}
      >
        {share !== null && (
          <div
            className={cx(
              'h-full rounded-full',
              { fine: 'bg-accent', high: 'bg-degraded', full: 'bg-failed', over: 'bg-failed' }[level],
            )}
            style={{ width: `${Math.min(1, share) * 100}%` }}
          />
        )}
        {isExceeded && <Excess fromShare={1 / share} />}
      </div>
      {isCompact && (
        <span className="text-xs text-ink">{share === null ? formatUnit(used, unit) : formatPercent(share)}</span>
      )}
    </div>
  )
}

/** Over the full bar: what of it is beyond the limit is paler, from a mark on. */
function Excess({ fromShare }: { fromShare: number }) {
  return (
    <div
      className="absolute -inset-y-1 right-0 flex items-center border-ink border-l-2"
      style={{ left: `${fromShare * 100}%` }}
    >
      <div className="h-1 w-full rounded-r-full bg-surface/60" />
    </div>
  )
}
