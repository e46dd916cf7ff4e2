'use client'

import { type MouseEvent, memo, type ReactNode, useId, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { cx } from './class-name.ts'
import { ColumnMenu } from './column-menu.tsx'
import { DataTableBody, type DataTableBodyHandle } from './data-table-body.tsx'
import { columnTemplate, type DataColumn, type Sort } from './data-table-column.ts'
import { DataTableHeader } from './data-table-header.tsx'
import { belowButton, rowUnder } from './data-table-hit.ts'
import { gridKeyHandler } from './data-table-keyboard.ts'
import { EmptyState } from './empty-state.tsx'
import { ErrorMessage, type ErrorMessageProps } from './error-message.tsx'
import type { MenuGroup } from './menu.tsx'
import { type MenuAnchor, RowMenu } from './row-menu.tsx'
import { selectionExtent, toggleAll, toggleOne, toggleRange } from './selection.ts'
import { SidewaysHint } from './sideways-hint.tsx'
import { SkeletonRows } from './skeleton.tsx'
import { useActiveRow } from './use-active-row.ts'
import { useGo } from './use-go.ts'
import { useNarrow } from './use-narrow.ts'
import { sortText } from './use-sorted-rows.ts'

export interface DataTableProps<Row> {
  /** Names the table for screen readers. */
  label: string
  /** Stable between renders. The first column is the name: it stays in view and carries the link. */
  columns: readonly DataColumn<Row>[]
  /** Keep unchanged rows identical between renders: only changed ones render again. */
  rows: readonly Row[]
  rowId: (row: Row) => string
  /** The word for a row in labels, e.g. its name. */
  rowName: (row: Row) => string
  /** The page that Enter, a double click and the name open. */
  rowHref?: (row: Row) => string
  /** In place of a page: what Enter and a double click do. */
  onOpen?: (row: Row) => void
  rowMenu?: (row: Row) => readonly MenuGroup[]
  /** The row whose menu opens, the moment to ask what it can do; null when it closes. */
  onRowMenuChange?: (row: Row | null) => void
  sort?: Sort | null
  /** What the rows are of, where that is more than the sort: the table goes to the top when it is something else. */
  rowsOf?: string
  onSortChange?: (sort: Sort) => void
  hiddenColumns?: readonly string[]
  onHiddenColumnsChange?: (hidden: string[]) => void
  selection?: ReadonlySet<string>
  onSelectionChange?: (selection: ReadonlySet<string>) => void
  /** How many there are in all; above rows.length the table asks for more as its end nears. */
  totalCount?: number
  /** May be called again before rows come; guard by the query's own state. */
  onEndReached?: () => void
  /** Which rows are drawn, from the first and before the end. Stable between renders. */
  onView?: (first: number, end: number) => void
  /** Cells hold no state of their own, so that a row that scrolls out leaves its elements to the one that scrolls in. */
  reusesRows?: boolean
  isLoading?: boolean
  error?: ErrorMessageProps | null
  /** What stands there without rows: an EmptyState. */
  empty?: ReactNode
  /** A BulkBar while something is selected. */
  bulkBar?: ReactNode
  className?: string
}

const noHidden: readonly string[] = []

function DataTableInner<Row extends object>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowId, rowName, rowHref, rowMenu, selection, onSelectionChange, sort, isLoading } =
    props
  const hidden = props.hiddenColumns ?? noHidden
  const go = useGo()
  const domIdPrefix = useId()
  const [scrollElement, setScrollElement] = useState<HTMLTableElement | null>(null)
  const body = useRef<DataTableBodyHandle>(null)
  const anchorId = useRef<string | null>(null)
  const [menu, setMenu] = useState<{ row: Row; anchor: MenuAnchor } | null>(null)

  const visible = useMemo(
    () => columns.filter((column, index) => index === 0 || !hidden.includes(column.id)),
    [columns, hidden],
  )

  const hasSelect = selection !== undefined && onSelectionChange !== undefined
  const hasTail = rowMenu !== undefined || props.onHiddenColumnsChange !== undefined
  const { template, minWidthPx } = columnTemplate(visible, hasSelect, hasTail)
  const ids = useMemo(() => rows.map(rowId), [rows, rowId])
  const isSideways = useNarrow(scrollElement, minWidthPx)
  const rowsOf = props.rowsOf ?? (sort ? sortText(sort) : '')
  const { activeIndex, activePlace, activate, isNone, goneName } = useActiveRow({ rows, ids, rowName, rowsOf })
  const shownRowsOf = useRef(rowsOf)
  useLayoutEffect(() => {
    if (shownRowsOf.current !== rowsOf && scrollElement) scrollElement.scrollTop = 0
    shownRowsOf.current = rowsOf
  }, [rowsOf, scrollElement])

  const open = (row: Row) => {
    if (props.onOpen) props.onOpen(row)
    else if (rowHref) go(rowHref(row))
  }
  const select = (index: number, isRange: boolean) => {
    const id = ids[index]
    if (!selection || id === undefined) return
    onSelectionChange?.(isRange ? toggleRange(selection, ids, anchorId.current, id) : toggleOne(selection, id))
    anchorId.current = id
  }
  const openMenu = (index: number, anchor: MenuAnchor) => {
    const row = rows[index]
    if (!rowMenu || row === undefined) return
    props.onRowMenuChange?.(row)
    setMenu({ row, anchor })
  }
  const closeMenu = () => {
    props.onRowMenuChange?.(null)
    setMenu(null)
  }
  const moveTo = (index: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, index))
    activate(next)
    body.current?.scrollToIndex(next)
    return next
  }
  const onKeyDown = gridKeyHandler({
    activeIndex,
    activePlace,
    rowCount: rows.length,
    pageSize: () => body.current?.pageSize() ?? 10,
    rowElement: (index) => document.getElementById(`${domIdPrefix}-${index}`),
    moveTo,
    select,
    selectAll: () => selection && onSelectionChange?.(toggleAll(selection, ids)),
    clearSelection: () => onSelectionChange?.(new Set()),
    open: (index) => {
      const row = rows[index]
      if (row !== undefined) open(row)
    },
    openMenu,
  })
  const onClick = (event: MouseEvent<HTMLTableElement>) => {
    const hit = rowUnder(event)
    if (!hit) return
    activate(hit.index)
    const isPlain = !event.shiftKey && !event.metaKey && !event.ctrlKey
    if (hit.part === 'link') {
      const row = rows[hit.index]
      if (!isPlain || row === undefined) return
      event.preventDefault()
      open(row)
    } else if (hit.part === 'select') select(hit.index, event.shiftKey)
    else if (hit.part === 'menu') openMenu(hit.index, belowButton(hit.element))
    else if (hasSelect && !hit.isControl && !isPlain) {
      select(hit.index, event.shiftKey)
    }
  }

  const isEmpty = rows.length === 0
  return (
    <div className={cx('relative flex min-h-0 min-w-0 flex-1 flex-col', props.className)}>
      <table
        ref={setScrollElement}
        role="grid"
        tabIndex={0}
        aria-label={label}
        data-sideways={isSideways || undefined}
        aria-busy={isLoading || undefined}
        aria-rowcount={(props.totalCount ?? rows.length) + 1}
        aria-multiselectable={hasSelect || undefined}
        aria-activedescendant={activeIndex >= 0 ? `${domIdPrefix}-${activeIndex}` : undefined}
        onFocus={(event) => {
          if (event.target === event.currentTarget && isNone && !isEmpty) activate(0)
        }}
        onKeyDown={onKeyDown}
        onClick={onClick}
        onMouseDown={(event) => {
          if (event.shiftKey && rowUnder(event)) event.preventDefault()
        }}
        onDoubleClick={(event) => {
          const hit = rowUnder(event)
          const row = hit && !hit.part ? rows[hit.index] : undefined
          if (row !== undefined) open(row)
        }}
        onContextMenu={(event) => {
          const hit = rowUnder(event)
          if (!hit || !rowMenu) return
          event.preventDefault()
          activate(hit.index)
          openMenu(hit.index, { xPx: event.clientX, yPx: event.clientY, side: 'start' })
        }}
        className={cx(
          'group/grid relative block min-h-0 flex-1 overflow-auto bg-surface',
          // The active row shows where the focus is.
          activeIndex >= 0 ? 'outline-none' : '-outline-offset-2',
        )}
      >
        <thead className="sticky top-0 z-3 block" style={{ minWidth: minWidthPx }}>
          <DataTableHeader
            columns={visible}
            template={template}
            sort={sort}
            onSortChange={props.onSortChange}
            selectAll={
              hasSelect
                ? {
                    extent: selectionExtent(selection, ids),
                    onToggle: () => onSelectionChange(toggleAll(selection, ids)),
                  }
                : undefined
            }
            hasTail={hasTail}
            tail={
              props.onHiddenColumnsChange && (
                <ColumnMenu
                  columns={columns}
                  hiddenColumns={hidden}
                  onHiddenColumnsChange={props.onHiddenColumnsChange}
                />
              )
            }
          />
        </thead>
        {!isEmpty && (
          <DataTableBody
            handle={body}
            scrollElement={scrollElement}
            domIdPrefix={domIdPrefix}
            rows={rows}
            rowId={rowId}
            rowName={rowName}
            rowHref={rowHref}
            columns={visible}
            template={template}
            minWidthPx={minWidthPx}
            selection={hasSelect ? selection : undefined}
            activeIndex={activeIndex}
            hasTail={hasTail}
            hasMenu={rowMenu !== undefined}
            reusesRows={props.reusesRows}
            missingCount={Math.max(0, (props.totalCount ?? 0) - rows.length)}
            onEndReached={props.onEndReached}
            onView={props.onView}
          />
        )}
      </table>
      {isSideways && <SidewaysHint scrollElement={scrollElement} widthPx={minWidthPx} hasTail={hasTail} />}
      {isEmpty && (
        <div className="absolute inset-x-0 top-8.5 bottom-0 overflow-auto">
          {props.error ? (
            <ErrorMessage {...props.error} variant="page" />
          ) : isLoading ? (
            <SkeletonRows rows={12} label={`Loading ${label}`} />
          ) : (
            (props.empty ?? <EmptyState title="Nothing here" />)
          )}
        </div>
      )}
      <span aria-live="polite" className="sr-only">
        {goneName && `${goneName} is no longer here`}
      </span>
      {!isEmpty && props.error && <ErrorMessage {...props.error} variant="inline" className="m-2" />}
      {props.bulkBar && (
        <div className="pointer-events-none absolute inset-x-2 bottom-3 z-4 flex justify-center *:pointer-events-auto">
          {props.bulkBar}
        </div>
      )}
      {menu && rowMenu && (
        <RowMenu
          label={`Commands for ${rowName(menu.row)}`}
          groups={rowMenu(menu.row)}
          anchor={menu.anchor}
          onClose={closeMenu}
        />
      )}
    </div>
  )
}

/**
 * A table of any length: rows of 34 px, drawn only where they are seen, in a box that scrolls (give it a height).
 * Keys: arrows, Home, End, Page Up/Down move; Space selects; Shift with arrows extends; Enter opens; the menu key or
 * Shift F10 opens the row's menu; Right enters the row's own controls, Escape leaves them.
 */
export const DataTable = memo(DataTableInner) as typeof DataTableInner
