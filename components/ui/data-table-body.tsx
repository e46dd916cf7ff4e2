'use client'

import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useEffect, useImperativeHandle } from 'react'
import { type DataColumn, rowHeightPx } from './data-table-column.ts'
import { DataTableRow, DataTableSkeletonRow } from './data-table-row.tsx'

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
  /** Rows known to exist but not loaded. */
  missingCount: number
  onEndReached?: () => void
}

const endDistanceRows = 40
const placeholderRows = 24

/** The rows in view. Scrolling renders this component alone. */
export function DataTableBody<Row extends object>(props: DataTableBodyProps<Row>) {
  const { rows, rowId, rowName, rowHref, columns, template, selection, activeIndex, missingCount, onEndReached } = props
  const count = rows.length + Math.min(missingCount, placeholderRows)
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => props.scrollElement,
    estimateSize: () => rowHeightPx,
    overscan: 10,
    scrollMargin: rowHeightPx,
    scrollPaddingStart: rowHeightPx,
    getItemKey: (index) => {
      const row = rows[index]
      return row === undefined ? `missing-${index}` : rowId(row)
    },
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range)
      return activeIndex >= 0 && activeIndex < count && !indexes.includes(activeIndex)
        ? [...indexes, activeIndex].sort((a, b) => a - b)
        : indexes
    },
  })
  useImperativeHandle(props.handle, () => ({
    scrollToIndex: (index) => virtualizer.scrollToIndex(index),
    pageSize: () => Math.max(1, Math.floor((props.scrollElement?.clientHeight ?? 0) / rowHeightPx) - 2),
  }))

  const items = virtualizer.getVirtualItems()
  const lastIndex = items.reduce((last, item) => (item.index === activeIndex ? last : Math.max(last, item.index)), 0)
  const isNearEnd = missingCount > 0 && lastIndex >= rows.length - endDistanceRows
  useEffect(() => {
    if (isNearEnd) onEndReached?.()
  }, [isNearEnd, onEndReached])

  return (
    <tbody className="relative block" style={{ height: virtualizer.getTotalSize(), minWidth: props.minWidthPx }}>
      {items.map((item) => {
        const row = rows[item.index]
        const topPx = item.start - rowHeightPx
        if (row === undefined) {
          return (
            <DataTableSkeletonRow
              key={item.key}
              index={item.index}
              topPx={topPx}
              columnCount={columns.length + (selection ? 1 : 0)}
              template={template}
            />
          )
        }
        return (
          <DataTableRow
            key={item.key}
            domId={`${props.domIdPrefix}-${item.index}`}
            row={row}
            index={item.index}
            topPx={topPx}
            name={rowName(row)}
            href={rowHref?.(row)}
            columns={columns}
            template={template}
            isSelected={selection?.has(rowId(row)) ?? false}
            isActive={item.index === activeIndex}
            hasSelect={selection !== undefined}
            hasTail={props.hasTail}
            hasMenu={props.hasMenu}
          />
        )
      })}
    </tbody>
  )
}
