'use client'

import { createContext, use, useCallback, useEffect, useRef } from 'react'

const ArrivalContext = createContext<() => void>(() => undefined)
export const ArrivalProvider = ArrivalContext.Provider

/** Longest wait for a page that never says that it is here, such as one that shows an error. */
const arrivalMs = 5_000

/** Stands at the end of a page: its effect runs once the browser has taken over what the server rendered before it. */
export function PageArrival() {
  const arrive = use(ArrivalContext)
  useEffect(arrive, [arrive])
  return null
}

/**
 * Holds changes back until the first page is here. The browser takes a page over from the server part by part; data
 * that changes before the last part would no longer match what the server rendered there, and React would throw the
 * part away and make it anew.
 */
export function useAfterArrival<Change>(apply: (change: Change) => void) {
  const latest = useRef(apply)
  const held = useRef<Change[] | null>([])
  useEffect(() => {
    latest.current = apply
  })
  const arrive = useCallback(() => {
    const changes = held.current ?? []
    held.current = null
    for (const change of changes) latest.current(change)
  }, [])
  useEffect(() => {
    const timer = setTimeout(arrive, arrivalMs)
    return () => clearTimeout(timer)
  }, [arrive])
  const receive = (change: Change) => {
    if (held.current) held.current.push(change)
    else latest.current(change)
  }
  return { arrive, receive }
}
