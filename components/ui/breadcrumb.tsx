import { ChevronRight } from 'lucide-react'
import NextLink from 'next/link'
import type { ReactNode } from 'react'

/** One step; the last is the page itself and has no `href`. */
export interface Crumb {
  label: string
  href?: string
  icon?: ReactNode
}

/** Where the page is: site, host, VM. */
export function Breadcrumb({ crumbs }: { crumbs: readonly Crumb[] }) {
  return (
    <nav aria-label="Breadcrumb" className="min-w-0">
      <ol className="flex min-w-0 items-center gap-1 text-sm">
        {crumbs.map((crumb, index) => (
          <li key={crumb.href ?? crumb.label} className="flex min-w-0 items-center gap-1 last:shrink-0">
            {index > 0 && <ChevronRight size={12} aria-hidden="true" className="shrink-0 text-ink-faint" />}
            {crumb.href ? (
              <NextLink
                href={crumb.href}
                className="flex min-w-0 items-center gap-1 truncate rounded-sm px-0.5 text-ink-muted hover:text-ink"
              >
                {crumb.icon}
                <span className="truncate">{crumb.label}</span>
              </NextLink>
            ) : (
              <span aria-current="page" className="flex items-center gap-1 px-0.5 font-medium text-ink">
                {crumb.icon}
                {crumb.label}
              </span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  )
}
