'use client'

import { useLayoutEffect, useState } from 'react'
import { flushSync } from 'react-dom'

export interface RowWindow {
  first: number
  /** Behind the last */
  end: number
}

const overscanRows = 6
const nothing: RowWindow = { first: 0, end: 0 }

/**
 * Which of many rows of one height are drawn: those in view of a box that scrolls, and some beside them. Counted, not
 * measured, so that it costs the same for ten rows and for a million.
 */
export function useRowWindow(box: HTMLElement | null, rowHeightPx: number): RowWindow {
  const [rows, setRows] = useState(nothing)
  useLayoutEffect(() => {
    if (!box) return
    let heightPx = box.clientHeight
    const look = () => {
      const first = Math.max(0, Math.floor(box.scrollTop / rowHeightPx) - overscanRows)
      const end = Math.ceil((box.scrollTop + heightPx) / rowHeightPx) + overscanRows
      setRows((before) => (before.first === first && before.end === end ? before : { first, end }))
    }
    // In the same frame: the browser has scrolled already and would paint a gap.
    const onScroll = () => flushSync(look)
    const observer = new ResizeObserver(() => {
      heightPx = box.clientHeight
      look()
    })
    look()
    box.addEventListener('scroll', onScroll, { passive: true })
    observer.observe(box)
    return () => {
      box.removeEventListener('scroll', onScroll)
      observer.disconnect()
    }
  }, [box, rowHeightPx])
  return rows
}
