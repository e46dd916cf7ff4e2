import NextLink from 'next/link'
import type { ReactNode } from 'react'
import { cx } from './class-name.ts'

export interface LinkProps {
  href: string
  children: ReactNode
  /** `accent` in running text; `plain` in tables and cards, where the place already says that it leads on. */
  tone?: 'accent' | 'plain' | 'muted'
  isMono?: boolean
  /** Opens in a new tab and says so. */
  isExternal?: boolean
  className?: string
}

const tones = {
  accent: 'text-accent underline decoration-accent/35 underline-offset-2 hover:decoration-accent',
  plain: 'text-ink hover:underline hover:underline-offset-2',
  muted: 'text-ink-muted hover:text-ink hover:underline hover:underline-offset-2',
}

/** Goes to a page; inside the product without a full load. */
export function Link({ href, children, tone = 'accent', isMono, isExternal, className }: LinkProps) {
  const names = cx('rounded-sm', tones[tone], isMono && 'font-mono text-xs', className)
  if (isExternal) {
    return (
      <a href={href} target="_blank" rel="noreferrer" className={names}>
        {children}
        <span aria-hidden="true"> ↗</span>
        <span className="sr-only"> (opens in a new tab)</span>
      </a>
    )
  }
  return (
    <NextLink href={href} className={names}>
      {children}
    </NextLink>
  )
}
