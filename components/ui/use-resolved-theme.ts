'use client'

import { useSyncExternalStore } from 'react'

const darkQuery = '(prefers-color-scheme: dark)'

function subscribe(listener: () => void): () => void {
  const observer = new MutationObserver(listener)
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
  const media = matchMedia(darkQuery)
  media.addEventListener('change', listener)
  return () => {
    observer.disconnect()
    media.removeEventListener('change', listener)
  }
}

/** What is on the screen now, for drawings that CSS does not reach (canvas). */
export function useResolvedTheme(): 'light' | 'dark' {
  return useSyncExternalStore<'light' | 'dark'>(
    subscribe,
    () => {
      const chosen = document.documentElement.dataset.theme
      if (chosen === 'light' || chosen === 'dark') return chosen
      return matchMedia(darkQuery).matches ? 'dark' : 'light'
    },
    () => 'light',
  )
}

/** The value in force of colour tokens (without `--color-`), as the browser would paint them inside an element. */
export function resolveColors(host: HTMLElement, names: readonly string[]): string[] {
  const probe = document.createElement('span')
  // With reduced motion every element has a transition, however short: its beginning would be read each time.
  probe.style.transition = 'none'
  host.append(probe)
  const colors = names.map((name) => {
    probe.style.color = `var(--color-${name})`
    return getComputedStyle(probe).color
  })
  probe.remove()
  return colors
}
