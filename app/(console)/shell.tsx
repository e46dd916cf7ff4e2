'use client'

import { Menu as MenuIcon, Search } from 'lucide-react'
import dynamic from 'next/dynamic'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { type ReactNode, useState } from 'react'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Kbd } from '#components/ui/kbd.tsx'
import { Logo } from '#components/ui/logo.tsx'
import { SidePanel } from '#components/ui/side-panel.tsx'
import { ThemeToggle } from '#components/ui/theme-toggle.tsx'
import { useCommandKey } from '#components/ui/use-command-key.ts'
import { LiveIndicator } from './live-indicator.tsx'
import { type Person, visibleNavigation } from './navigation.ts'
import { OperationTray } from './operation-tray.tsx'
import { PersonMenu } from './person-menu.tsx'
import { SideNavigation } from './side-navigation.tsx'
import { useShortcut } from './use-shortcut.ts'

// It brings every command's dialog with it, which no page should wait for.
const Palette = dynamic(() => import('./palette.tsx').then((module) => module.Palette), { ssr: false })

/** The frame of every console page: places at the left, search above, everyone's operations below. */
export function Shell({ person, children }: { person: Person; children: ReactNode }) {
  const groups = visibleNavigation(person)
  const [isPaletteOpen, setPaletteOpen] = useState(false)
  const [isMenuOpen, setMenuOpen] = useState(false)
  const pathname = usePathname()
  const commandKey = useCommandKey()
  useShortcut('k', () => setPaletteOpen((open) => !open))
  return (
    <div className="flex h-dvh flex-col overflow-hidden">
      <a
        href="#page"
        className="sr-only focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-raised focus:px-3 focus:py-1.5 focus:text-sm focus:shadow-float"
      >
        Skip to the page
      </a>
      <header className="flex h-11 shrink-0 items-center gap-2 border-b border-line bg-surface px-3">
        <IconButton
          label="Open the menu"
          icon={<MenuIcon size={16} aria-hidden="true" />}
          onPress={() => setMenuOpen(true)}
          className="md:hidden"
        />
        <Link href="/" className="flex items-center gap-2 rounded-sm pr-2 text-sm font-semibold text-ink md:w-44">
          <Logo sizePx={18} />
          Skerry
        </Link>
        <button
          type="button"
          onClick={() => setPaletteOpen(true)}
          className="flex h-7 min-w-0 flex-1 items-center gap-2 rounded-md border border-line bg-canvas px-2.5 text-sm text-ink-muted hover:border-line-strong md:max-w-100"
        >
          <Search size={14} aria-hidden="true" className="shrink-0" />
          <span className="min-w-0 flex-1 truncate text-left">Search or jump to…</span>
          <span className="hidden sm:block">
            <Kbd>{`${commandKey}K`}</Kbd>
          </span>
        </button>
        <div className="ml-auto flex items-center gap-1.5">
          <LiveIndicator />
          <ThemeToggle />
          <PersonMenu person={person} />
        </div>
      </header>
      <div className="flex min-h-0 flex-1">
        <aside className="hidden w-48 shrink-0 overflow-y-auto border-r border-line bg-surface md:block">
          <SideNavigation groups={groups} />
        </aside>
        <main
          id="page"
          key={pathname.split('/')[1]}
          tabIndex={-1}
          className="flex min-w-0 flex-1 flex-col overflow-y-auto outline-none"
        >
          {children}
        </main>
      </div>
      <OperationTray />
      <Palette person={person} isOpen={isPaletteOpen} onClose={() => setPaletteOpen(false)} />
      <SidePanel isOpen={isMenuOpen} onOpenChange={setMenuOpen} title="Skerry" side="left">
        <div className="-mx-3">
          <SideNavigation groups={groups} onNavigate={() => setMenuOpen(false)} />
        </div>
      </SidePanel>
    </div>
  )
}
