'use client'

import { parseAsString, useQueryState } from 'nuqs'
import { useMemo } from 'react'
import type { Sort } from './data-table-column.ts'

/** What a row is sorted by in one column; null stands last. */
export type SortValue<Row> = (row: Row) => string | number | null | undefined

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

export function compareSortValues(a: ReturnType<SortValue<never>>, b: ReturnType<SortValue<never>>): number {
  if (a === b) return 0
  if (a === null || a === undefined) return 1
  if (b === null || b === undefined) return -1
  return typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b))
}

/** The sort as it stands in an address: "name", or "-name" for descending. */
export const sortText = (sort: Sort) => `${sort.direction === 'desc' ? '-' : ''}${sort.columnId}`

/**
 * Rows that are all here, sorted by what the address says. `values` names the sortable columns; keep it stable between
 * renders, with the column to begin with first. `search` is what the rows were found by.
 */
export function useSortedRows<Row>(
  rows: readonly Row[],
  values: Readonly<Record<string, SortValue<Row>>>,
  search = '',
) {
  const first = Object.keys(values)[0] ?? 'name'
  const [text, setText] = useQueryState('sort', parseAsString.withDefault(first))
  const asked = text.replace(/^-/, '')
  const columnId = values[asked] ? asked : first
  const isDescending = text.startsWith('-')
  const sorted = useMemo(() => {
    const value = values[columnId]
    if (!value) return rows
    const sign = isDescending ? -1 : 1
    return rows.toSorted((a, b) => sign * compareSortValues(value(a), value(b)))
  }, [rows, values, columnId, isDescending])
  const sort: Sort = { columnId, direction: isDescending ? 'desc' : 'asc' }
  const rowsOf = `${sortText(sort)} ${search}`
  return { rows: sorted, sort, rowsOf, onSortChange: (next: Sort) => void setText(sortText(next)) }
}
