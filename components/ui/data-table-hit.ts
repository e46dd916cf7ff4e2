import type { MouseEvent } from 'react'
import type { MenuAnchor } from './row-menu.tsx'

/** What of a table was pressed. */
export interface RowHit {
  index: number
  part: string | undefined
  element: Element
  /** Something in the row that has a press of its own. */
  isControl: boolean
}

/** @returns null beside the rows */
export function rowUnder(event: MouseEvent<HTMLTableElement>): RowHit | null {
  if (!(event.target instanceof Element)) return null
  const row = event.target.closest<HTMLElement>('tr[data-index]')
  if (!row) return null
  const part = event.target.closest<HTMLElement>('[data-part]')
  const isControl = event.target.closest('a, button, input') !== null
  return { index: Number(row.dataset.index), part: part?.dataset.part, element: part ?? row, isControl }
}

/** Where the menu of a button opens. */
export function belowButton(button: Element): MenuAnchor {
  const box = button.getBoundingClientRect()
  return { xPx: box.right, yPx: box.bottom, side: 'end' }
}
