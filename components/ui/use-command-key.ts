'use client'

import { useSyncExternalStore } from 'react'

const never = () => () => {}

/** What goes before a shortcut's letter: "⌘" on Apple's keyboards, "Ctrl " on others, and on the server, which can't know. */
export function useCommandKey(): '⌘' | 'Ctrl ' {
  return useSyncExternalStore(
    never,
    () => (/^(Mac|iPhone|iPad|iPod)/.test(navigator.platform) ? '⌘' : 'Ctrl '),
    () => 'Ctrl ',
  )
}
