import type { ReactNode } from 'react'
import { cx } from './class-name.ts'

export interface BadgeProps {
  children: ReactNode
  /** `accent` for what is ours to notice; states have StateBadge. */
  tone?: 'neutral' | 'accent' | 'outline'
  className?: string
}

const tones = {
  neutral: 'bg-active text-ink-muted',
  accent: 'bg-accent-soft text-accent',
  outline: 'border border-line text-ink-muted',
}

/** A word or a count beside something: "edge", "simulated", "12". */
export function Badge({ children, tone = 'neutral', className }: BadgeProps) {
  return (
    <span
      className={cx(
        'inline-flex h-4.5 min-w-4.5 items-center justify-center whitespace-nowrap rounded-sm px-1.5 text-2xs font-medium',
        tones[tone],
        className,
      )}
    >
      {children}
    </span>
  )
}
