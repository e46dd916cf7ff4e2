'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { cx } from '#components/ui/class-name.ts'
import { isWithin, type NavigationGroup } from './navigation.ts'

/** The console's places in a column; on a phone it stands in the menu. */
export function SideNavigation({
  groups,
  onNavigate,
}: {
  groups: readonly NavigationGroup[]
  onNavigate?: () => void
}) {
  const pathname = usePathname()
  return (
    <nav aria-label="Console" className="flex flex-col gap-4 px-2 py-3">
      {groups.map((group) => (
        <section key={group.label} aria-label={group.label}>
          <h2 className="px-2 pb-1 text-2xs font-medium text-ink-faint">{group.label}</h2>
          <ul>
            {group.destinations.map(({ href, label, icon: Icon }) => {
              const isCurrent = isWithin(pathname, href)
              return (
                <li key={href}>
                  <Link
                    href={href}
                    onClick={onNavigate}
                    aria-current={isCurrent ? 'page' : undefined}
                    className={cx(
                      'flex h-8 items-center gap-2.5 rounded-md px-2 text-sm',
                      isCurrent ? 'bg-active font-medium text-ink' : 'text-ink-muted hover:bg-hover hover:text-ink',
                    )}
                  >
                    <Icon size={15} aria-hidden="true" className={isCurrent ? 'text-accent' : undefined} />
                    {label}
                  </Link>
                </li>
              )
            })}
          </ul>
        </section>
      ))}
    </nav>
  )
}
