import { cx } from './class-name.ts'
import { Spinner } from './spinner.tsx'
import { stateTextClass, type VisualState } from './state.ts'

export interface StateIconProps {
  state: VisualState
  sizePx?: number
  /** Read aloud when no word stands beside the icon. */
  label?: string
  className?: string
}

/** The shape of a state, each told from the others without its colour. */
export function StateIcon({ state, sizePx = 12, label, className }: StateIconProps) {
  const names = cx('shrink-0', stateTextClass[state], className)
  if (state === 'changing') {
    return (
      <span className={cx('inline-flex', names)}>
        <Spinner sizePx={sizePx} />
        {label && <span className="sr-only">{label}</span>}
      </span>
    )
  }
  if (label) {
    return (
      <svg role="img" aria-label={label} width={sizePx} height={sizePx} viewBox="0 0 12 12" className={names}>
        <StateShape state={state} />
      </svg>
    )
  }
  return (
    <svg aria-hidden="true" width={sizePx} height={sizePx} viewBox="0 0 12 12" className={names}>
      <StateShape state={state} />
    </svg>
  )
}

/** The shape alone in a 12 × 12 box, in the text colour; for use inside another svg. */
export function StateShape({ state }: { state: VisualState }) {
  switch (state) {
    case 'running':
      return <circle cx="6" cy="6" r="4" fill="currentColor" />
    case 'changing':
      return (
        <g fill="none" stroke="currentColor" strokeWidth="1.8">
          <circle cx="6" cy="6" r="4.2" opacity="0.3" />
          <path d="M10.2 6A4.2 4.2 0 0 0 6 1.8" strokeLinecap="round" />
        </g>
      )
    case 'migrating':
      return (
        <path
          d="M1 4h7.2M6 1.6 8.6 4 6 6.4M11 8.4H3.8M6 6.2 3.4 8.4 6 10.8"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      )
    case 'degraded':
      return (
        <path
          fillRule="evenodd"
          fill="currentColor"
          d="M6 .9c.4 0 .7.2.9.5l4.6 8c.4.7-.1 1.6-.9 1.6H1.4c-.8 0-1.3-.9-.9-1.6l4.6-8c.2-.3.5-.5.9-.5ZM5.3 4v3.2h1.4V4Zm0 4.2v1.4h1.4V8.2Z"
        />
      )
    case 'failed':
      return (
        <path
          fillRule="evenodd"
          fill="currentColor"
          d="M3.7.8h4.6l2.9 2.9v4.6l-2.9 2.9H3.7L.8 8.3V3.7Zm.5 2.5-.9.9L5.1 6 3.3 7.8l.9.9L6 6.9l1.8 1.8.9-.9L6.9 6l1.8-1.8-.9-.9L6 5.1Z"
        />
      )
    case 'off':
      return <circle cx="6" cy="6" r="3.5" fill="none" stroke="currentColor" strokeWidth="1.5" />
    case 'unknown':
      return (
        <g fill="none" stroke="currentColor">
          <circle cx="6" cy="6" r="4.2" strokeWidth="1.2" strokeDasharray="1.7 1.6" />
          <path d="M4.2 7.8 7.8 4.2M4 5.4 5.4 4M6.6 8 8 6.6" strokeWidth="1" />
        </g>
      )
  }
}
