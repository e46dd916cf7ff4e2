import type { ReactNode } from 'react'
import { Logo } from '#components/ui/logo.tsx'
import { ThemeToggle } from '#components/ui/theme-toggle.tsx'

/** The page of somebody who is not in the console yet: one column, one thing to do. */
export function AuthFrame({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex justify-end p-3">
        <ThemeToggle />
      </header>
      <main className="mx-auto flex w-full max-w-92 flex-1 flex-col gap-5 px-4 pt-[min(12vh,96px)] pb-12">
        <p className="flex items-center gap-2 text-sm font-semibold text-ink">
          <Logo sizePx={24} /> Skerry
        </p>
        <div>
          <h1 className="text-xl font-semibold text-ink">{title}</h1>
          {lead && <p className="mt-1 text-sm text-ink-muted">{lead}</p>}
        </div>
        {children}
      </main>
    </div>
  )
}
