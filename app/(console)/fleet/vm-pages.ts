import { replaceEqualDeep } from '@tanstack/react-query'
import type { RowWindow } from '#components/ui/use-row-window.ts'
import type { VmPage, VmRow } from '#server/schema/vm.ts'

/** A page of the list as it was read, maybe before the last change. */
export interface ReadPage extends VmPage {
  isOld?: boolean
}

/** What is so near to the rows in view is read with them. */
const nearRows = 20

/** The rows of pages that were not all read at the same time, and where each page begins among them. */
export function rowsOf(pages: readonly ReadPage[]): { rows: VmRow[]; starts: number[] } {
  // A row that went from one page to another is still in the old one, also where both are old by now.
  const placed = new Set<string>()
  if (pages.some((page) => page.isOld))
    for (const page of pages) if (!page.isOld) for (const row of page.rows) placed.add(row.id)
  const rows: VmRow[] = []
  const starts: number[] = []
  for (const page of pages) {
    starts.push(rows.length)
    for (const row of page.rows) {
      if (page.isOld && placed.has(row.id)) continue
      if (page.isOld) placed.add(row.id)
      rows.push(row)
    }
  }
  return { rows, starts: [...starts, rows.length] }
}

/** Whether a page is in view, or so near that it may come into it; also where it is not known where it stands. */
export const isNear = (starts: readonly number[], page: number, view: RowWindow): boolean =>
  (starts[page] ?? 0) <= view.end + nearRows && (starts[page + 1] ?? Infinity) >= view.first - nearRows

/** The page with those of its rows that are as before left themselves, so that only the others are drawn again. */
export function keepRows(before: VmPage | undefined, page: VmPage): VmPage {
  if (!before) return page
  const rows = new Map(before.rows.map((row) => [row.id, row]))
  return { ...page, rows: page.rows.map((row) => replaceEqualDeep(rows.get(row.id), row)) }
}
