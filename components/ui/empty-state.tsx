import type { ReactNode } from 'react'
import { cx } from './class-name.ts'

export interface EmptyStateProps {
  icon?: ReactNode
  title: string
  /** Why there is nothing and what to do next. */
  children?: ReactNode
  action?: ReactNode
  className?: string
}

/** In place of a list that has nothing to show. */
export function EmptyState({ icon, title, children, action, className }: EmptyStateProps) {
  return (
    <div className={cx('flex flex-col items-center justify-center gap-1 px-6 py-12 text-center', className)}>
      {icon && <div className="mb-2 text-ink-faint">{icon}</div>}
      <p className="text-sm font-medium text-ink">{title}</p>
      {children && <div className="max-w-96 text-sm text-ink-muted">{children}</div>}
      {action && <div className="mt-3 flex gap-2">{action}</div>}
    </div>
  )
}
