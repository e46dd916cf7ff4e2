'use client'

import { useLayoutEffect, useState } from 'react'

/** Whether an element has less room inside than this, as its size changes. */
export function useNarrow(element: HTMLElement | null, minWidthPx: number): boolean {
  const [isNarrow, setNarrow] = useState(false)
  useLayoutEffect(() => {
    if (!element) return
    const look = () => setNarrow(element.clientWidth < minWidthPx)
    const observer = new ResizeObserver(look)
    observer.observe(element)
    return () => observer.disconnect()
  }, [element, minWidthPx])
  return isNarrow
}
