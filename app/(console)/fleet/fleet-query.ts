import { createLoader, parseAsArrayOf, parseAsString, parseAsStringLiteral } from 'nuqs/server'
import type { Sort } from '#components/ui/data-table-column.ts'
import { type VmSortKey, vmSortKeys } from '#server/schema/vm.ts'

export const groupings = ['place', 'tenant', 'tag'] as const
export type Grouping = (typeof groupings)[number]

/** Columns that wait in the menu until somebody wants them: a laptop's width is spent on the others. */
const usuallyHidden = ['vcpus', 'disk', 'created']

/** Everything the fleet page shows is in its address. */
export const fleetParams = {
  filter: parseAsString.withDefault(''),
  sort: parseAsString.withDefault('name'),
  hide: parseAsArrayOf(parseAsString).withDefault(usuallyHidden),
  tree: parseAsStringLiteral([...groupings, 'hidden']).withDefault('place'),
}

export const loadFleetParams = createLoader(fleetParams)

/** "memory" or "-memory" for descending; anything else sorts by name. */
export function parseSort(text: string): { key: VmSortKey; descending: boolean } {
  const descending = text.startsWith('-')
  const key = vmSortKeys.find((known) => known === text.replace('-', ''))
  return key ? { key, descending } : { key: 'name', descending: false }
}

export const asTableSort = (text: string): Sort => {
  const { key, descending } = parseSort(text)
  return { columnId: key, direction: descending ? 'desc' : 'asc' }
}

export const fromTableSort = (sort: Sort) => `${sort.direction === 'desc' ? '-' : ''}${sort.columnId}`

/** Rows a request: enough for a tall screen and the next one. */
export const pageSize = 100

/** The first page's input, the same on the server (reading ahead) and in the browser. */
export const listInput = (filter: string, sort: string) => ({ filter, sort: parseSort(sort), limit: pageSize })

/** The filter with one term put in the place of any other of the same key. */
export function withTerm(filter: string, key: string, value: string | null): string {
  const rest = filter.replaceAll(new RegExp(`(^|\\s)${key}:(?:"[^"]*"|\\S)+`, 'g'), ' ').trim()
  if (value === null) return rest
  const term = `${key}:${/\s/.test(value) ? `"${value}"` : value}`
  return rest ? `${rest} ${term}` : term
}
