'use client'

import { type RefCallback, useLayoutEffect, useState } from 'react'

export interface Measured<Element extends HTMLElement> {
  ref: RefCallback<Element>
  /** Null before it is on the page; it may come long after what asks for its width */
  element: Element | null
  /** In whole px as it changes; 0 before it is on the page */
  widthPx: number
}

/** An element and the width that it has. */
export function useElementWidth<Element extends HTMLElement>(): Measured<Element> {
  const [element, ref] = useState<Element | null>(null)
  const [widthPx, setWidthPx] = useState(0)
  useLayoutEffect(() => {
    if (!element) return
    setWidthPx(Math.floor(element.clientWidth))
    const observer = new ResizeObserver(([entry]) => entry && setWidthPx(Math.floor(entry.contentRect.width)))
    observer.observe(element)
    return () => observer.disconnect()
  }, [element])
  return { ref, element, widthPx }
}
