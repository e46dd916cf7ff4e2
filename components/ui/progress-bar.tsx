import { cx } from './class-name.ts'
import { formatDuration, formatPercent } from './format.ts'
import type { VisualState } from './state.ts'

export interface ProgressBarProps {
  /** What is under way; read aloud. */
  label: string
  isLabelHidden?: boolean
  /** From 0 to 1; left out or null when it can't be known. */
  share?: number | null
  /** The step it is in, e.g. "Copying memory, pass 3". */
  phase?: string
  /** Already formatted: "82.4 MiB/s". */
  rate?: string
  remainingSeconds?: number | null
  state?: Extract<VisualState, 'changing' | 'migrating' | 'degraded' | 'failed' | 'running'>
  /** The bar alone, for rows. */
  isCompact?: boolean
  className?: string
}

const fills = {
  changing: 'bg-changing',
  migrating: 'bg-migrating',
  degraded: 'bg-degraded',
  failed: 'bg-failed',
  running: 'bg-running',
}

/** How far something has come, with its phase, rate and time left. Tells the truth: without a share it moves but shows no number. */
export function ProgressBar(props: ProgressBarProps) {
  const { label, isLabelHidden, share, phase, rate, remainingSeconds, state = 'changing', isCompact, className } = props
  const isKnown = share !== null && share !== undefined
  const clamped = Math.min(1, Math.max(0, share ?? 0))
  const facts = [rate, typeof remainingSeconds === 'number' ? `${formatDuration(remainingSeconds)} left` : undefined]
  return (
    <div className={cx('flex min-w-0 flex-col gap-1', className)}>
      {!isCompact && (
        <div className="flex items-baseline gap-2 text-xs">
          {!isLabelHidden && <span className="min-w-0 truncate text-ink">{label}</span>}
          {phase && (
            <span className="min-w-0 truncate text-ink-muted" title={phase}>
              {phase}
            </span>
          )}
          <span className="ml-auto shrink-0 text-ink-muted">{isKnown && formatPercent(clamped)}</span>
        </div>
      )}
      <div
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={isKnown ? Math.round(clamped * 100) : undefined}
        aria-valuetext={[isKnown ? formatPercent(clamped) : 'in progress', phase, ...facts].filter(Boolean).join(', ')}
        className="h-1 w-full overflow-hidden rounded-full bg-active"
      >
        <div
          className={cx(
            'h-full rounded-full',
            fills[state],
            !isKnown && 'w-2/5 animate-slide motion-reduce:w-full motion-reduce:opacity-40',
          )}
          style={isKnown ? { width: `${clamped * 100}%` } : undefined}
        />
      </div>
      {!isCompact && facts.some(Boolean) && (
        <div className="flex gap-3 text-xs text-ink-faint">
          {facts.filter(Boolean).map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
        </div>
      )}
    </div>
  )
}
