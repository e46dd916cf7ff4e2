'use client'

import { useSyncExternalStore } from 'react'

const key = 'skerry-tray-open'
const listeners = new Set<() => void>()

/** Opens or closes the operations at the foot of the page; this browser remembers it. */
export function setTrayOpen(isOpen: boolean): void {
  localStorage.setItem(key, isOpen ? 'yes' : 'no')
  for (const listener of listeners) listener()
}

/** Whether they are open; closed until the browser has been asked, so that server and browser agree. */
export const useTrayOpen = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => localStorage.getItem(key) === 'yes',
    () => false,
  )
