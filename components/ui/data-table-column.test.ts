import { expect, test } from 'vitest'
import { columnTemplate, type DataColumn, mayBeCut, nextSort } from './data-table-column.ts'

const column = (id: string, rest: Partial<DataColumn<unknown>> = {}): DataColumn<unknown> => ({
  id,
  header: id,
  cell: () => id,
  ...rest,
})

test('the first column grows, the others keep their width', () => {
  const { template, minWidthPx } = columnTemplate(
    [column('name', { widthPx: 200 }), column('state', { widthPx: 90 }), column('note', { widthPx: 100, grow: 2 })],
    true,
    true,
  )
  expect(template).toBe('36px minmax(200px, 1fr) 90px minmax(100px, 2fr) 40px')
  expect(minWidthPx).toBe(466)
})

test('something takes the room left when no column grows', () => {
  expect(columnTemplate([column('name', { widthPx: 80, grow: 0 })], false, false).template).toBe('80px 1fr')
})

test('a header sorts up, then down, and another starts anew', () => {
  expect(nextSort(null, 'name')).toEqual({ columnId: 'name', direction: 'asc' })
  expect(nextSort({ columnId: 'name', direction: 'asc' }, 'name')).toEqual({ columnId: 'name', direction: 'desc' })
  expect(nextSort({ columnId: 'name', direction: 'asc' }, 'cpu')).toEqual({ columnId: 'cpu', direction: 'asc' })
})

test('only a text that is long for its column may be cut', () => {
  expect(mayBeCut(column('site', { widthPx: 80 }), 'Oslo')).toBe(false)
  expect(mayBeCut(column('site', { widthPx: 80 }), 'Frankfurt am Main')).toBe(true)
})
