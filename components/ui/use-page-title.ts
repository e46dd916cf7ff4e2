'use client'

import { useEffect } from 'react'

/** The browser's title of a page about one thing, as soon as its name is known. */
export function usePageTitle(name: string | undefined): void {
  useEffect(() => {
    if (name) document.title = `${name} · Skerry`
  }, [name])
}
