'use client'

import { type RefObject, useEffect, useImperativeHandle, useLayoutEffect, useReducer, useRef } from 'react'
import { type DataColumn, rowHeightPx } from './data-table-column.ts'
import { DataTableRow, DataTableSkeletonRow } from './data-table-row.tsx'
import { type DrawnRow, inOrder, isInOrder, ownRows, reusedRows, type WantedRows } from './row-slot.ts'
import { useRowWindow } from './use-row-window.ts'

/** What the table asks of its rows. */
export interface DataTableBodyHandle {
  scrollToIndex: (index: number) => void
  /** How many whole rows fit. */
  pageSize: () => number
}

export interface DataTableBodyProps<Row> {
  handle: RefObject<DataTableBodyHandle | null>
  /** Null before the first paint. */
  scrollElement: HTMLTableElement | null
  domIdPrefix: string
  rows: readonly Row[]
  rowId: (row: Row) => string
  rowName: (row: Row) => string
  rowHref?: (row: Row) => string
  columns: readonly DataColumn<Row>[]
  template: string
  minWidthPx: number
  selection: ReadonlySet<string> | undefined
  activeIndex: number
  hasTail: boolean
  hasMenu: boolean
  reusesRows: boolean | undefined
  /** Rows known to exist but not loaded. */
  missingCount: number
  onEndReached?: () => void
  onView?: (first: number, end: number) => void
}

const endDistanceRows = 40
const placeholderRows = 24
/** Without a change for so long, nobody scrolls. */
const restMs = 200

/** The rows in view. Scrolling renders this component alone. */
export function DataTableBody<Row extends object>(props: DataTableBodyProps<Row>) {
  const { scrollElement, rows, rowId, rowName, rowHref, columns, template, selection, activeIndex, reusesRows } = props
  const { missingCount, onEndReached, onView } = props
  const count = rows.length + Math.min(missingCount, placeholderRows)
  const window = useRowWindow(scrollElement, rowHeightPx)
  const keyOf = (index: number) => {
    const row = rows[index]
    return row === undefined ? `missing-${index}` : rowId(row)
  }
  const reused = useReusedRows({ window, count: reusesRows ? count : 0, activeIndex })
  const drawn = reusesRows ? reused : ownRows({ window, count, activeIndex }, keyOf)
  useImperativeHandle(props.handle, () => ({
    scrollToIndex: (index) => {
      if (!scrollElement) return
      const topPx = index * rowHeightPx
      const lowestPx = topPx + rowHeightPx - (scrollElement.clientHeight - rowHeightPx)
      if (topPx < scrollElement.scrollTop) scrollElement.scrollTop = topPx
      else if (lowestPx > scrollElement.scrollTop) scrollElement.scrollTop = lowestPx
    },
    pageSize: () => Math.max(1, Math.floor((scrollElement?.clientHeight ?? 0) / rowHeightPx) - 2),
  }))
  const focusIn = useFocusedRow(scrollElement, (index) => (rows[index] ? keyOf(index) : undefined))

  const isNearEnd = missingCount > 0 && Math.min(window.end, count) > rows.length - endDistanceRows
  useEffect(() => {
    if (isNearEnd) onEndReached?.()
  }, [isNearEnd, onEndReached])

  useEffect(() => onView?.(window.first, window.end), [window, onView])

  return (
    <tbody
      className="relative block"
      style={{ height: count * rowHeightPx, minWidth: props.minWidthPx }}
      onFocus={focusIn}
    >
      {drawn.map(({ index, key }) => {
        const row = rows[index]
        const topPx = index * rowHeightPx
        if (row === undefined) {
          return (
            <DataTableSkeletonRow
              key={`missing-${key}`}
              index={index}
              topPx={topPx}
              columnCount={columns.length + (selection ? 1 : 0)}
              template={template}
            />
          )
        }
        return (
          <DataTableRow
            key={key}
            domId={`${props.domIdPrefix}-${index}`}
            row={row}
            index={index}
            topPx={topPx}
            name={rowName(row)}
            href={rowHref?.(row)}
            columns={columns}
            template={template}
            isSelected={selection?.has(rowId(row)) ?? false}
            isActive={index === activeIndex}
            hasSelect={selection !== undefined}
            hasTail={props.hasTail}
            hasMenu={props.hasMenu}
          />
        )
      })}
    </tbody>
  )
}

/** The rows whose elements are reused; once nothing has moved for a moment, in the document's order for screen readers. */
function useReusedRows(wanted: WantedRows): readonly DrawnRow[] {
  const rows = useRef<readonly DrawnRow[]>([])
  const [, redraw] = useReducer((times: number) => times + 1, 0)
  const drawn = reusedRows(rows.current, wanted)
  rows.current = drawn
  useEffect(() => {
    if (isInOrder(drawn)) return
    const timer = setTimeout(() => {
      rows.current = inOrder(drawn)
      redraw()
    }, restMs)
    return () => clearTimeout(timer)
  }, [drawn])
  return drawn
}

/**
 * The focus on a control of a row goes back to the table when another row comes into its elements: a key must never act
 * on a row that nobody has chosen.
 * @returns what to call when the focus comes into the rows
 */
function useFocusedRow(table: HTMLElement | null, idAt: (index: number) => string | undefined) {
  const focusedId = useRef<string>(undefined)
  const idOf = (element: Element | null) => {
    const row = table?.contains(element) ? element?.closest<HTMLElement>('tr[data-index]') : null
    return row ? idAt(Number(row.dataset.index)) : undefined
  }
  useLayoutEffect(() => {
    if (focusedId.current === undefined) return
    const id = idOf(document.activeElement)
    if (id !== undefined && id !== focusedId.current) table?.focus({ preventScroll: true })
    if (id !== focusedId.current) focusedId.current = undefined
  })
  return () => {
    focusedId.current = idOf(document.activeElement)
  }
}
