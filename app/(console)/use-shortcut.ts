'use client'

import { useEffect } from 'react'
import { useStable } from '#components/ui/use-stable.ts'

/** Calls `action` at ⌘ or Ctrl with this key, wherever the focus is. */
export function useShortcut(key: string, action: () => void): void {
  const act = useStable(action)
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== key || !(event.metaKey || event.ctrlKey) || event.shiftKey || event.altKey) return
      event.preventDefault()
      act()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [key, act])
}
