'use client'

import { useRouter } from 'next/navigation'
import { useEffect } from 'react'
import { toast } from 'sonner'
import { useLiveStatus } from '#components/live/live-provider.tsx'
import { unreachable } from '#components/trpc/unreachable.ts'

/** While the console is gone a link would lead to the browser's own error page: first it is asked, and the page stays. */
export function StayOnPage() {
  const isLost = useLiveStatus() === 'lost'
  const router = useRouter()
  useEffect(() => {
    if (!isLost) return
    const onClick = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href]') : null
      if (!link || opensElsewhere(link, event)) return
      event.preventDefault()
      const { pathname, search, hash } = link
      isConsoleThere().then((isThere) => {
        if (isThere) router.push(`${pathname}${search}${hash}`)
        else toast.error(unreachable.message, { description: unreachable.wayOut })
      })
    }
    document.addEventListener('click', onClick, true)
    return () => document.removeEventListener('click', onClick, true)
  }, [isLost, router])
  return null
}

/** Beside this page, to a file, away from this console, or nowhere. */
const opensElsewhere = (link: HTMLAnchorElement, event: MouseEvent) =>
  [
    event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey,
    link.hasAttribute('download') || (link.target !== '' && link.target !== '_self'),
    link.origin !== window.location.origin ||
      link.pathname.startsWith('/api/') ||
      link.getAttribute('href')?.startsWith('#'),
  ].some(Boolean)

/** Also one that is not well answers in JSON; a proxy in its place does not. */
const isConsoleThere = () =>
  fetch('/api/health', { cache: 'no-store' }).then(
    ({ headers }) => headers.get('content-type')?.includes('json') ?? false,
    () => false,
  )
