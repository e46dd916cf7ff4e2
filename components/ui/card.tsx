import { type ReactNode, useId } from 'react'
import { cx } from './class-name.ts'

export interface CardProps {
  title?: ReactNode
  /** At the right of the title: a link, a small button, a time. */
  actions?: ReactNode
  /** No padding, for tables and charts that reach the edge. */
  isFlush?: boolean
  children: ReactNode
  className?: string
}

/** One subject on a page. */
export function Card({ title, actions, isFlush, children, className }: CardProps) {
  const id = useId()
  return (
    <section
      aria-labelledby={title ? id : undefined}
      className={cx('flex min-w-0 flex-col rounded-lg border border-line bg-surface', className)}
    >
      {(title || actions) && (
        <header className="flex min-h-10 flex-wrap items-center gap-x-2 px-4 pt-1">
          <h2 id={id} className="min-w-0 flex-auto truncate py-1.5 text-sm font-semibold text-ink">
            {title}
          </h2>
          {actions}
        </header>
      )}
      <div className={cx('min-w-0 flex-1', !isFlush && (title ? 'px-4 pt-1 pb-3' : 'p-4'))}>{children}</div>
    </section>
  )
}

export interface SectionProps {
  title: ReactNode
  description?: ReactNode
  actions?: ReactNode
  children: ReactNode
  className?: string
}

/** A part of a page without a frame, e.g. of a form. */
export function Section({ title, description, actions, children, className }: SectionProps) {
  const id = useId()
  return (
    <section aria-labelledby={id} className={cx('flex flex-col gap-3', className)}>
      <header className="flex items-end gap-2">
        <div className="min-w-0 flex-1">
          <h2 id={id} className="text-sm font-semibold text-ink">
            {title}
          </h2>
          {description && <p className="text-xs text-ink-muted">{description}</p>}
        </div>
        {actions}
      </header>
      {children}
    </section>
  )
}
