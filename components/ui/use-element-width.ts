'use client'

import { type RefObject, useLayoutEffect, useRef, useState } from 'react'

/** The width of an element in whole px as it changes; 0 before it is on the page. */
export function useElementWidth<Element extends HTMLElement>(): { ref: RefObject<Element | null>; widthPx: number } {
  const ref = useRef<Element>(null)
  const [widthPx, setWidthPx] = useState(0)
  useLayoutEffect(() => {
    const element = ref.current
    if (!element) return
    setWidthPx(Math.floor(element.clientWidth))
    const observer = new ResizeObserver(([entry]) => entry && setWidthPx(Math.floor(entry.contentRect.width)))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return { ref, widthPx }
}
