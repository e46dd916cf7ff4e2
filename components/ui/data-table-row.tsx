'use client'

import { Ellipsis } from 'lucide-react'
import { memo } from 'react'
import { cx } from './class-name.ts'
import { type DataColumn, mayBeCut, rowHeightPx, selectWidthPx } from './data-table-column.ts'
import { rowColor, stickyClassName } from './data-table-sticky.ts'
import { Skeleton } from './skeleton.tsx'

export interface DataTableRowProps<Row> {
  domId: string
  row: Row
  index: number
  topPx: number
  name: string
  href?: string
  columns: readonly DataColumn<Row>[]
  template: string
  isSelected: boolean
  isActive: boolean
  hasSelect: boolean
  hasTail: boolean
  hasMenu: boolean
}

/**
 * Cutting off each cell by itself is what costs most while scrolling: only a text that may be too long is, with dots for
 * what is missing. Should another be wider than it looks, it breaks into a second line, which the row cuts off. What is
 * no text is a box, and cuts itself off unless its column says that it fits.
 */
const textClassName = 'min-w-0 px-2 leading-[33px]'
const boxClassName = 'flex min-w-0 items-center whitespace-nowrap px-2'

/** Around the row where the keys are, above its cells that stick. */
const activeClassName =
  'group-focus-visible/grid:z-2 group-focus-visible/grid:after:focus-ring after:pointer-events-none after:absolute after:inset-0 after:z-2 after:-outline-offset-2'

/** One element for all rows: React compares it, and passes over it. */
const ellipsis = <Ellipsis size={15} aria-hidden="true" />

function DataTableRowInner<Row>(props: DataTableRowProps<Row>) {
  const { domId, row, index, topPx, name, href, columns, template, isSelected, isActive, hasSelect, hasTail, hasMenu } =
    props
  return (
    <tr
      id={domId}
      data-index={index}
      aria-rowindex={index + 2}
      aria-selected={hasSelect ? isSelected : undefined}
      className={cx(
        'group absolute left-0 grid w-full grid-rows-[minmax(0,1fr)] overflow-clip border-b border-line/60 text-sm text-ink',
        isSelected ? rowColor.selected : rowColor.plain,
        isActive && activeClassName,
      )}
      style={{ top: topPx, height: rowHeightPx, gridTemplateColumns: template }}
    >
      {hasSelect && (
        <td className={cx(stickyClassName, 'left-0 flex items-center justify-center')}>
          <input
            type="checkbox"
            tabIndex={-1}
            data-part="select"
            aria-label={`Select ${name}`}
            checked={isSelected}
            readOnly
            className="tick"
          />
        </td>
      )}
      {columns.map((column, columnIndex) => {
        const content = column.cell(row)
        const text = typeof content === 'string' ? content : column.text?.(row)
        const isText = text !== undefined || typeof content === 'number'
        const isLong = text !== undefined && mayBeCut(column, text)
        return (
          <td
            key={column.id}
            title={isLong ? text : undefined}
            className={cx(
              isText ? textClassName : boxClassName,
              isText && (isLong ? 'truncate' : 'break-all'),
              !isText && !column.fits && 'overflow-hidden',
              column.align === 'end' && (isText ? 'text-right' : 'justify-end text-right'),
              column.isMono && 'font-mono text-xs',
              columnIndex === 0 && stickyClassName,
              columnIndex === 0 && 'font-medium',
              columnIndex === 0 && !hasSelect && 'pl-4',
            )}
            style={columnIndex === 0 ? { left: hasSelect ? selectWidthPx : 0 } : undefined}
          >
            {columnIndex === 0 && href ? (
              <a
                href={href}
                tabIndex={-1}
                data-part="link"
                className={cx(
                  'rounded-sm hover:underline hover:underline-offset-2',
                  !isText && 'flex min-w-0 items-center gap-2 truncate',
                )}
              >
                {content}
              </a>
            ) : (
              content
            )}
          </td>
        )
      })}
      {hasTail && (
        <td className={cx(stickyClassName, 'right-0 col-[-2/-1] flex items-center justify-center')}>
          {hasMenu && (
            <button
              type="button"
              tabIndex={-1}
              data-part="menu"
              aria-label={`Commands for ${name}`}
              aria-haspopup="menu"
              className="flex size-6 items-center justify-center rounded-sm text-ink-faint hover:bg-active hover:text-ink group-hover:text-ink-muted"
            >
              {ellipsis}
            </button>
          )}
        </td>
      )}
    </tr>
  )
}

/**
 * One row. It holds no handlers of its own (the table listens for all), so that scrolling renders only new rows. Without
 * `contain: paint`: with it every cell that sticks becomes a layer, which doubles what a frame costs.
 */
export const DataTableRow = memo(DataTableRowInner) as typeof DataTableRowInner

/** A row that has not come yet. */
export function DataTableSkeletonRow({
  index,
  topPx,
  columnCount,
  template,
}: {
  index: number
  topPx: number
  columnCount: number
  template: string
}) {
  return (
    <tr
      className="absolute left-0 grid w-full items-center border-b border-line/60 bg-surface"
      style={{ top: topPx, height: rowHeightPx, gridTemplateColumns: template }}
    >
      {Array.from({ length: columnCount }, (_, column) => column).map((column) => (
        <td key={column} className="px-2.5">
          <Skeleton className={['w-3/4', 'w-1/2', 'w-2/3'][(index + column) % 3]} />
        </td>
      ))}
    </tr>
  )
}
