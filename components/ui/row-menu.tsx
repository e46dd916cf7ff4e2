'use client'

import { useRef } from 'react'
import { Popover } from 'react-aria-components'
import { type MenuGroup, MenuList } from './menu.tsx'
import { popoverClassName } from './popover-class.ts'

/** Where a menu opens, in px from the window's top left. */
export interface MenuAnchor {
  xPx: number
  yPx: number
  side: 'start' | 'end'
}

export interface RowMenuProps {
  label: string
  groups: readonly MenuGroup[]
  anchor: MenuAnchor
  onClose: () => void
}

const offsetPx = 2
/** Kept free at the window's edges. */
const edgePx = 12

/** One menu for a whole table: at the row's button or where the pointer was, or as far above as it needs to be all in sight. */
export function RowMenu({ label, groups, anchor, onClose }: RowMenuProps) {
  const anchorRef = useRef<HTMLSpanElement>(null)
  const popoverRef = useRef<HTMLDivElement>(null)
  const place = () => {
    const lowestPx = window.innerHeight - edgePx - offsetPx - (popoverRef.current?.offsetHeight ?? 0)
    return new DOMRect(anchor.xPx, Math.max(edgePx - offsetPx, Math.min(anchor.yPx, lowestPx)), 0, 0)
  }
  return (
    <>
      <span ref={anchorRef} className="fixed size-0" style={{ left: anchor.xPx, top: anchor.yPx }} />
      <Popover
        ref={popoverRef}
        key={`${anchor.xPx},${anchor.yPx}`}
        triggerRef={anchorRef}
        aria-label={label}
        isOpen
        onOpenChange={(isOpen) => !isOpen && onClose()}
        placement={anchor.side === 'end' ? 'bottom end' : 'bottom start'}
        getTargetRect={place}
        containerPadding={edgePx}
        offset={offsetPx}
        className={`${popoverClassName} min-w-40 max-w-80`}
      >
        <MenuList label={label} groups={groups} onClose={onClose} />
      </Popover>
    </>
  )
}
