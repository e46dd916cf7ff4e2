'use client'

import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react'

export interface ResizeOptions {
  /** Names the separator, e.g. "Height of Operations". */
  label: string
  /** Where the size is remembered in this browser. */
  storageKey: string
  defaultPx: number
  minPx: number
  maxPx: number
  /** `x` drags sideways, `y` up and down. */
  axis: 'x' | 'y'
  /** Whether dragging towards the bottom or the right makes it larger. */
  growsForward: boolean
}

/** A size that a person drags or steps with arrow keys, remembered in this browser. Spread the props on the separator. */
export function useResize(options: ResizeOptions) {
  const { storageKey, defaultPx, minPx, maxPx, axis, growsForward } = options
  const [sizePx, setSizePx] = useState(defaultPx)
  const drag = useRef<{ from: number; sizePx: number } | null>(null)
  const clamp = (value: number) => Math.round(Math.min(maxPx, Math.max(minPx, value)))
  const keep = (value: number) => {
    const next = clamp(value)
    setSizePx(next)
    localStorage.setItem(storageKey, String(next))
  }
  useEffect(() => {
    const stored = Number(localStorage.getItem(storageKey))
    if (stored > 0) setSizePx(stored)
  }, [storageKey])

  const shown = clamp(sizePx)
  const along = (event: PointerEvent) => (axis === 'x' ? event.clientX : event.clientY)
  const separatorProps = {
    role: 'separator',
    'aria-label': options.label,
    tabIndex: 0,
    'aria-orientation': axis === 'x' ? ('vertical' as const) : ('horizontal' as const),
    'aria-valuenow': shown,
    'aria-valuemin': minPx,
    'aria-valuemax': maxPx,
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      event.currentTarget.setPointerCapture(event.pointerId)
      drag.current = { from: along(event), sizePx: shown }
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      if (!drag.current) return
      const moved = along(event) - drag.current.from
      setSizePx(clamp(drag.current.sizePx + (growsForward ? moved : -moved)))
    },
    onPointerUp: () => {
      if (drag.current) keep(sizePx)
      drag.current = null
    },
    onDoubleClick: () => keep(defaultPx),
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
      const forward = axis === 'x' ? 'ArrowRight' : 'ArrowDown'
      const backward = axis === 'x' ? 'ArrowLeft' : 'ArrowUp'
      const sign = growsForward ? 1 : -1
      const stepPx = event.shiftKey ? 64 : 16
      if (event.key === forward) keep(shown + sign * stepPx)
      else if (event.key === backward) keep(shown - sign * stepPx)
      else if (event.key === 'Home') keep(minPx)
      else if (event.key === 'End') keep(maxPx)
      else return
      event.preventDefault()
    },
  }
  return { sizePx: shown, separatorProps }
}
