'use client'

import { useEffect } from 'react'
import { useStable } from '#components/ui/use-stable.ts'

/** Calls `action` when / is pressed outside of a field. */
export function useSlash(action: () => void): void {
  const act = useStable(action)
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof HTMLElement && event.target.closest('input, textarea, [contenteditable]')
      if (event.key !== '/' || isTyping || event.metaKey || event.ctrlKey) return
      event.preventDefault()
      act()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [act])
}
