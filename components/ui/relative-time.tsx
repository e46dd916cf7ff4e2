'use client'

import { useSyncExternalStore } from 'react'
import { formatAbsoluteTime, formatRelativeTime } from './format.ts'

export interface RelativeTimeProps {
  /** A date, epoch milliseconds or an ISO text. */
  at: Date | number | string
  /** The absolute time beside it, where one of several such times is meant */
  isExact?: boolean
  className?: string
}

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

/** One clock for every time on the page; a time renders again only when its text changes. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    if (!document.hidden) for (const each of listeners) each()
  }, 1000)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

/** "3 min ago", with the absolute time on hover, or beside it. */
export function RelativeTime({ at, isExact, className }: RelativeTimeProps) {
  const atMs = new Date(at).getTime()
  const text = useSyncExternalStore(
    subscribe,
    () => formatRelativeTime(atMs, Date.now()),
    () => formatAbsoluteTime(atMs, 'UTC'),
  )
  return (
    <time
      dateTime={new Date(atMs).toISOString()}
      title={formatAbsoluteTime(atMs)}
      suppressHydrationWarning
      className={className}
    >
      {text}
      {isExact && ' '}
      {isExact && <span className="whitespace-nowrap font-normal">({formatAbsoluteTime(atMs)})</span>}
    </time>
  )
}
