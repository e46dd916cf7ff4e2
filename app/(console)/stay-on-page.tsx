'use client'

import { useRouter } from 'next/navigation'
import { type ReactNode, useEffect, useMemo } from 'react'
import { toast } from 'sonner'
import { useLiveStatus } from '#components/live/live-provider.tsx'
import { unreachable } from '#components/trpc/unreachable.ts'
import { GoContext } from '#components/ui/use-go.ts'
import { askFirst, isConsoleThere } from './ask-first.ts'

/** While the console is gone a link would lead to the browser's own error page: first it is asked, and the page stays. */
export function StayOnPage({ children }: { children: ReactNode }) {
  const isLost = useLiveStatus() === 'lost'
  const router = useRouter()
  const asked = useMemo(
    () =>
      askFirst({
        isConsoleThere,
        go: (href) => router.push(href),
        onGone: () => toast.error(unreachable.message, { id: 'unreachable', description: unreachable.wayOut }),
      }),
    [router],
  )
  useEffect(() => {
    if (!isLost) return
    const onClick = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href]') : null
      if (!link || goesByItself(link) || opensElsewhere(link, event)) return
      event.preventDefault()
      asked(`${link.pathname}${link.search}${link.hash}`)
    }
    document.addEventListener('click', onClick, true)
    return () => document.removeEventListener('click', onClick, true)
  }, [isLost, asked])
  return <GoContext value={isLost ? asked : null}>{children}</GoContext>
}

/** A row of a table decides what its name opens. */
const goesByItself = (link: HTMLAnchorElement) => link.closest('[role="grid"] [data-part="link"]') !== null

/** Beside this page, to a file, away from this console, or nowhere. */
const opensElsewhere = (link: HTMLAnchorElement, event: MouseEvent) =>
  [
    event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey,
    link.hasAttribute('download') || (link.target !== '' && link.target !== '_self'),
    link.origin !== window.location.origin ||
      link.pathname.startsWith('/api/') ||
      link.getAttribute('href')?.startsWith('#'),
  ].some(Boolean)
