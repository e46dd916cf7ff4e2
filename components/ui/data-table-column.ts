import type { ReactNode } from 'react'

/** One column of a DataTable. Keep the array itself stable between renders (a constant, or useMemo). */
export interface DataColumn<Row> {
  id: string
  header: string
  cell: (row: Row) => ReactNode
  isSortable?: boolean
  /** Numbers with a unit stand at the end. */
  align?: 'start' | 'end'
  /** Width in px, or the least of it when the column grows. */
  widthPx?: number
  /** Its share of the room left over; 0 keeps the width. */
  grow?: number
  /** What its cells show, other than text, is never wider than the column. */
  fits?: boolean
  /** The text of its cells where an icon stands in it: they break and are cut as text alone is. */
  text?: (row: Row) => string | undefined
  /** Identifiers and addresses. */
  isMono?: boolean
  /** Whether the person may hide it; the first column always stays. */
  canHide?: boolean
}

/** What a table is sorted by. */
export interface Sort {
  columnId: string
  direction: 'asc' | 'desc'
}

export const rowHeightPx = 34
export const selectWidthPx = 36
export const tailWidthPx = 40
const defaultWidthPx = 112
const cellPaddingPx = 16
/** Of a broad letter; most are narrower. */
const letterPx = 7.5

/** Whether a text may be wider than the column where that has no more than its own width. */
export const mayBeCut = <Row>(column: DataColumn<Row>, text: string): boolean =>
  text.length * letterPx > (column.widthPx ?? defaultWidthPx) - cellPaddingPx

/** The grid-template-columns of a row, and the width under which the table scrolls sideways. */
export function columnTemplate<Row>(
  columns: readonly DataColumn<Row>[],
  hasSelect: boolean,
  hasTail: boolean,
): { template: string; minWidthPx: number } {
  const widths = columns.map((column) => column.widthPx ?? defaultWidthPx)
  const tracks = columns.map((column, index) => {
    const grow = column.grow ?? (index === 0 ? 1 : 0)
    return grow > 0 ? `minmax(${widths[index]}px, ${grow}fr)` : `${widths[index]}px`
  })
  const hasGrowing = tracks.some((track) => track.startsWith('minmax'))
  return {
    template: [
      hasSelect ? `${selectWidthPx}px` : '',
      ...tracks,
      hasGrowing ? '' : '1fr',
      hasTail ? `${tailWidthPx}px` : '',
    ]
      .filter(Boolean)
      .join(' '),
    minWidthPx:
      widths.reduce((sum, width) => sum + width, 0) + (hasSelect ? selectWidthPx : 0) + (hasTail ? tailWidthPx : 0),
  }
}

/** The sort after a press on a header: ascending first, then the other way. */
export function nextSort(sort: Sort | null | undefined, columnId: string): Sort {
  const isSame = sort?.columnId === columnId
  return { columnId, direction: isSame && sort.direction === 'asc' ? 'desc' : 'asc' }
}
