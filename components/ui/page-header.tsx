import type { ReactNode } from 'react'
import { cx } from './class-name.ts'

export interface PageHeaderProps {
  title: ReactNode
  /** A StateBadge beside the title: is it all right? */
  state?: ReactNode
  /** Facts in one quiet line below. */
  meta?: ReactNode
  /** What can be done, the main command last. */
  actions?: ReactNode
  className?: string
}

/** The head of a page: what is this, is it all right, what can I do. */
export function PageHeader({ title, state, meta, actions, className }: PageHeaderProps) {
  return (
    <header className={cx('flex flex-wrap items-start gap-x-4 gap-y-2 px-4 pt-4 pb-3', className)}>
      <div className="min-w-0 flex-1 basis-60">
        <div className="flex min-w-0 flex-wrap items-center gap-2.5">
          <h1 className="min-w-0 truncate text-lg font-semibold text-ink">{title}</h1>
          {state}
        </div>
        {meta && (
          <div className="mt-0.5 flex flex-wrap items-center gap-x-3 gap-y-0.5 text-xs text-ink-muted">{meta}</div>
        )}
      </div>
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  )
}
