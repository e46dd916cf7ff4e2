import type { ReactNode } from 'react'
import { cx } from './class-name.ts'

export interface ScrollBoxProps {
  /** What it holds, for a screen reader */
  label: string
  children: ReactNode
  /** How high it gets */
  className: string
}

/** What may be longer than its place: it scrolls there, also by keys. */
export function ScrollBox({ label, children, className }: ScrollBoxProps) {
  return (
    <section tabIndex={0} aria-label={label} className={cx('overflow-y-auto rounded-md', className)}>
      {children}
    </section>
  )
}
