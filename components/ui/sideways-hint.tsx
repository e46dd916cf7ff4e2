'use client'

import { useLayoutEffect, useRef } from 'react'
import { tailWidthPx } from './data-table-column.ts'

export interface SidewaysHintProps {
  /** What scrolls */
  scrollElement: HTMLElement | null
  /** Of what scrolls */
  widthPx: number
  /** Whether a column of buttons stays at its right side */
  hasTail: boolean
}

/** A shadow at the right side of what is wider than its place, until its end is in sight. */
export function SidewaysHint({ scrollElement, widthPx, hasTail }: SidewaysHintProps) {
  const hint = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    if (!scrollElement) return
    // Past React: it is asked in every frame of a scroll.
    const look = () => {
      const { scrollLeft, clientWidth, offsetWidth } = scrollElement
      if (!hint.current) return
      hint.current.hidden = scrollLeft + clientWidth >= widthPx - 1
      hint.current.style.right = `${offsetWidth - clientWidth + (hasTail ? tailWidthPx : 0)}px`
    }
    look()
    const observer = new ResizeObserver(look)
    observer.observe(scrollElement)
    scrollElement.addEventListener('scroll', look, { passive: true })
    return () => {
      observer.disconnect()
      scrollElement.removeEventListener('scroll', look)
    }
  }, [scrollElement, widthPx, hasTail])
  return (
    <div
      ref={hint}
      aria-hidden="true"
      data-sideways-hint
      className="pointer-events-none absolute inset-y-0 z-3 w-5 bg-linear-to-l from-edge to-transparent"
    />
  )
}
