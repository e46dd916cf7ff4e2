import type { KeyboardEvent } from 'react'
import type { MenuAnchor } from './row-menu.tsx'

/** What the keys of a table act on. */
export interface GridKeyTarget {
  /** -1 for none */
  activeIndex: number
  /** Where the active row stood, once it is gone; -1 when there was none. */
  activePlace: () => number
  rowCount: number
  pageSize: () => number
  rowElement: (index: number) => HTMLElement | null
  /** Moves to a row as near as there is one; answers where it went. */
  moveTo: (index: number) => number
  select: (index: number, isRange: boolean) => void
  selectAll: () => void
  clearSelection: () => void
  open: (index: number) => void
  openMenu: (index: number, anchor: MenuAnchor) => void
}

const controls = 'a[href], button:not(:disabled), input:not(:disabled)'

/** Answers the keys of a virtual grid whose focus stays on the grid itself. */
export function gridKeyHandler(target: GridKeyTarget): (event: KeyboardEvent<HTMLTableElement>) => void {
  return (event) => {
    const isInGrid = event.target === event.currentTarget
    const isHandled = isInGrid ? onGridKey(event, target) : onControlKey(event)
    if (isHandled) event.preventDefault()
  }
}

function onGridKey(event: KeyboardEvent<HTMLTableElement>, target: GridKeyTarget): boolean {
  const { activeIndex, rowCount } = target
  if (rowCount === 0) return false
  const place = activeIndex >= 0 ? activeIndex : target.activePlace()
  const moves: Record<string, number> = {
    // What stood below the row that is gone has come into its place.
    ArrowDown: activeIndex >= 0 ? place + 1 : place,
    ArrowUp: place - 1,
    PageDown: place + target.pageSize(),
    PageUp: place - target.pageSize(),
    Home: 0,
    End: rowCount - 1,
  }
  const goal = moves[event.key]
  if (goal !== undefined) {
    const reached = target.moveTo(goal)
    if (event.shiftKey && reached !== activeIndex) target.select(reached, true)
    return true
  }
  const row = target.rowElement(activeIndex)
  if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
    const box = row?.querySelector('[data-part=menu]')?.getBoundingClientRect()
    if (box) target.openMenu(activeIndex, { xPx: box.right, yPx: box.bottom, side: 'end' })
    return box !== undefined
  }
  if (event.key === ' ') target.select(activeIndex, event.shiftKey)
  else if (event.key === 'Enter') target.open(activeIndex)
  else if (event.key === 'Escape') target.clearSelection()
  else if (event.key === 'ArrowRight') row?.querySelector<HTMLElement>(controls)?.focus()
  else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) target.selectAll()
  else return false
  return true
}

/** Inside a row: left and right walk its controls, Escape (or left of the first) returns to the grid. */
function onControlKey(event: KeyboardEvent<HTMLTableElement>): boolean {
  if (!(event.target instanceof HTMLElement)) return false
  const row = event.target.closest<HTMLElement>('tr[data-index]')
  const step = { ArrowRight: 1, ArrowLeft: -1, Escape: 0 }[event.key]
  if (!row || step === undefined) return false
  const all = [...row.querySelectorAll<HTMLElement>(controls)]
  const next = step === 0 ? undefined : all[all.indexOf(event.target) + step]
  if (next) next.focus()
  else if (step <= 0) event.currentTarget.focus()
  return true
}
