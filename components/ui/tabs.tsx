'use client'

import NextLink from 'next/link'
import { usePathname } from 'next/navigation'
import type { ReactNode } from 'react'
import { cx } from './class-name.ts'

/** One tab: a page of its own. */
export interface TabLink {
  href: string
  label: string
  /** A count or a mark after the word. */
  badge?: ReactNode
}

export interface TabsProps {
  /** Names the row of tabs, e.g. "Pages of web-01". */
  label: string
  tabs: readonly TabLink[]
  className?: string
}

/** Tabs that are links: each has its address, and the browser's Back works. The current one is the longest match of the path. */
export function Tabs({ label, tabs, className }: TabsProps) {
  const pathname = usePathname()
  const current = tabs
    .filter((tab) => pathname === pathOf(tab.href) || pathname.startsWith(`${pathOf(tab.href)}/`))
    .reduce<string | undefined>((best, tab) => (best && best.length >= tab.href.length ? best : tab.href), undefined)
  return (
    <nav aria-label={label} className={cx('relative border-b border-line', className)}>
      <ul className="-mb-px flex gap-1 overflow-x-auto px-2 [scrollbar-width:none]">
        {tabs.map((tab) => (
          <li key={tab.href}>
            <NextLink
              href={tab.href}
              aria-current={tab.href === current ? 'page' : undefined}
              className={cx(
                'flex h-9 items-center gap-1.5 whitespace-nowrap border-b-2 px-2 text-sm focus-visible:-outline-offset-2',
                tab.href === current
                  ? 'border-accent font-medium text-ink'
                  : 'border-transparent text-ink-muted hover:text-ink',
              )}
            >
              {tab.label}
              {tab.badge}
            </NextLink>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function pathOf(href: string): string {
  return href.split(/[?#]/)[0] ?? href
}
