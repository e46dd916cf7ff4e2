'use client'

import { ArrowDown, ArrowUp } from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from './class-name.ts'
import { type DataColumn, nextSort, rowHeightPx, type Sort, selectWidthPx } from './data-table-column.ts'
import { rowColor, stickyClassName } from './data-table-sticky.ts'

export interface DataTableHeaderProps<Row> {
  columns: readonly DataColumn<Row>[]
  template: string
  sort: Sort | null | undefined
  onSortChange?: (sort: Sort) => void
  /** Left out when rows can't be selected. */
  selectAll?: { extent: 'none' | 'some' | 'all'; onToggle: () => void }
  hasTail: boolean
  tail: ReactNode
}

/** The header row: stays at the top, and its name column at the left. */
export function DataTableHeader<Row>(props: DataTableHeaderProps<Row>) {
  const { columns, template, sort, onSortChange, selectAll, hasTail, tail } = props
  return (
    <tr
      aria-rowindex={1}
      className={cx('grid border-b border-line text-xs text-ink-muted', rowColor.header)}
      style={{ gridTemplateColumns: template, height: rowHeightPx }}
    >
      {selectAll && (
        <th scope="col" className={cx(stickyClassName, 'left-0 flex items-center justify-center')}>
          <input
            type="checkbox"
            aria-label="Select all loaded rows"
            checked={selectAll.extent === 'all'}
            ref={(input) => {
              if (input) input.indeterminate = selectAll.extent === 'some'
            }}
            onChange={selectAll.onToggle}
            className="tick"
          />
        </th>
      )}
      {columns.map((column, index) => {
        const direction = sort?.columnId === column.id ? sort.direction : undefined
        const Arrow = direction === 'desc' ? ArrowDown : ArrowUp
        return (
          <th
            key={column.id}
            scope="col"
            aria-sort={direction ? (direction === 'asc' ? 'ascending' : 'descending') : undefined}
            className={cx(
              'flex min-w-0 items-center px-2 font-normal',
              column.align === 'end' && 'justify-end',
              index === 0 && stickyClassName,
              index === 0 && !selectAll && 'pl-4',
            )}
            style={index === 0 ? { left: selectAll ? selectWidthPx : 0 } : undefined}
          >
            {column.isSortable && onSortChange ? (
              <button
                type="button"
                onClick={() => onSortChange(nextSort(sort, column.id))}
                className={cx(
                  'group flex h-6 min-w-0 items-center gap-1 rounded-sm hover:text-ink',
                  direction && 'font-medium text-ink',
                  column.align === 'end' && 'flex-row-reverse',
                )}
              >
                <span className="truncate">{column.header}</span>
                <Arrow
                  size={12}
                  aria-hidden="true"
                  className={cx(
                    'shrink-0',
                    !direction && 'opacity-0 group-hover:opacity-50 group-focus-visible:opacity-50',
                  )}
                />
              </button>
            ) : (
              <span className="truncate">{column.header}</span>
            )}
          </th>
        )
      })}
      {hasTail && (
        <th scope="col" className={cx(stickyClassName, 'right-0 col-[-2/-1] flex items-center justify-center')}>
          {tail ?? <span className="sr-only">Commands</span>}
        </th>
      )}
    </tr>
  )
}
