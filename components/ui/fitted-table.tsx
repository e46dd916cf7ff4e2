import { DataTable, type DataTableProps } from './data-table.tsx'
import { rowHeightPx } from './data-table-column.ts'

/** Room for what stands there without rows. */
const emptyRows = 6
/** For a scrollbar below the last row. */
const slackPx = 10

/** A DataTable as high as its rows, up to `maxRows`; for tables inside a page or card that scrolls itself. */
export function FittedTable<Row extends object>({
  maxRows = 16,
  ...props
}: DataTableProps<Row> & { maxRows?: number }) {
  const rows = props.rows.length === 0 ? emptyRows : Math.min(props.rows.length, maxRows)
  return (
    <div className="flex min-w-0 flex-col" style={{ height: (rows + 1) * rowHeightPx + slackPx }}>
      <DataTable {...props} />
    </div>
  )
}
