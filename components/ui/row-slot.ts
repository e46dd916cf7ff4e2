import type { RowWindow } from './use-row-window.ts'

/** A row to draw, and the key that React knows its elements by. */
export interface DrawnRow {
  index: number
  key: string | number
}

export interface WantedRows {
  window: RowWindow
  count: number
  /** Drawn wherever it is, because the focus stands on it; -1 for none. */
  activeIndex: number
}

/** The rows of the window and the active one, in their order. */
function indexesOf({ window, count, activeIndex }: WantedRows): number[] {
  const first = Math.min(window.first, count)
  const end = Math.min(window.end, count)
  const indexes = Array.from({ length: end - first }, (_, at) => first + at)
  const isOutside = activeIndex >= 0 && activeIndex < count && (activeIndex < first || activeIndex >= end)
  if (!isOutside) return indexes
  return activeIndex < first ? [activeIndex, ...indexes] : [...indexes, activeIndex]
}

/** Each row under its own key. */
export const ownRows = (wanted: WantedRows, keyOf: (index: number) => string): DrawnRow[] =>
  indexesOf(wanted).map((index) => ({ index, key: keyOf(index) }))

/**
 * Rows that come in take the elements, and so the place in the document, of those that went: nothing is made, removed or
 * moved while somebody scrolls. `inOrder` puts the document right when they rest.
 * @returns `before` itself where nothing has changed
 */
export function reusedRows(before: readonly DrawnRow[], wanted: WantedRows): readonly DrawnRow[] {
  const missing = new Set(indexesOf(wanted))
  const stays = new Set<DrawnRow>()
  for (const row of before) if (missing.delete(row.index)) stays.add(row)
  if (missing.size === 0 && stays.size === before.length) return before
  const coming = [...missing]
  const rows = before.flatMap((row): DrawnRow[] => {
    if (stays.has(row)) return [row]
    const index = coming.shift()
    return index === undefined ? [] : [{ index, key: row.key }]
  })
  let lastKey = before.reduce((last, { key }) => Math.max(last, Number(key)), 0)
  for (const index of coming) rows.push({ index, key: ++lastKey })
  return rows
}

export const inOrder = (rows: readonly DrawnRow[]): DrawnRow[] => rows.toSorted((a, b) => a.index - b.index)

export const isInOrder = (rows: readonly DrawnRow[]): boolean =>
  rows.every(({ index }, at) => index > (rows[at - 1]?.index ?? -1))
