import { cx } from './class-name.ts'
import { stateSoftClass, stateTextClass, stateWord, type VisualState } from './state.ts'
import { StateIcon } from './state-icon.tsx'

export interface StateBadgeProps {
  state: VisualState
  /** The word; the state's own when left out, e.g. "Starting" for changing. */
  label?: string
  /** `soft` stands alone (headers); `plain` stands in a column of others. */
  variant?: 'soft' | 'plain'
  /** After the word, e.g. "42 %". */
  detail?: string
  className?: string
}

/** A state as shape, word and colour. */
export function StateBadge({ state, label, variant = 'soft', detail, className }: StateBadgeProps) {
  return (
    <span
      className={cx(
        'inline-flex items-center gap-1.5 whitespace-nowrap text-xs',
        variant === 'soft' && cx('h-5 rounded-sm px-1.5 font-medium', stateSoftClass[state], stateTextClass[state]),
        variant === 'plain' && (state === 'off' || state === 'unknown' ? 'text-ink-muted' : 'text-ink'),
        className,
      )}
    >
      <StateIcon state={state} sizePx={variant === 'soft' ? 10 : 11} />
      {label ?? stateWord[state]}
      {detail && <span className={variant === 'soft' ? 'font-normal' : 'text-ink-faint'}>{detail}</span>}
    </span>
  )
}
