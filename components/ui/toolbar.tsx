import type { ReactNode } from 'react'
import { cx } from './class-name.ts'

export interface ToolbarProps {
  label: string
  children: ReactNode
  /** Kept at the right. */
  end?: ReactNode
  className?: string
}

/** A row of filters and commands above a list. */
export function Toolbar({ label, children, end, className }: ToolbarProps) {
  return (
    <search aria-label={label} className={cx('flex min-h-12 flex-wrap items-center gap-2 px-3 py-2', className)}>
      {children}
      {end && <div className="ml-auto flex items-center gap-2">{end}</div>}
    </search>
  )
}
