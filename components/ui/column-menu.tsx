'use client'

import { Check, Columns3 } from 'lucide-react'
import { memo } from 'react'
import { Menu as AriaMenu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import { cx } from './class-name.ts'
import type { DataColumn } from './data-table-column.ts'
import { IconButton } from './icon-button.tsx'
import { popoverClassName, popoverItemClassName, popoverItemColor } from './popover-class.ts'

export interface ColumnMenuProps<Row> {
  columns: readonly DataColumn<Row>[]
  hiddenColumns: readonly string[]
  onHiddenColumnsChange: (hidden: string[]) => void
}

function ColumnMenuInner<Row>({ columns, hiddenColumns, onHiddenColumnsChange }: ColumnMenuProps<Row>) {
  const offered = columns.slice(1).filter((column) => column.canHide !== false)
  const shown = offered.filter((column) => !hiddenColumns.includes(column.id)).map((column) => column.id)
  return (
    <MenuTrigger>
      <IconButton label="Columns" icon={<Columns3 size={14} aria-hidden="true" />} tooltipPlacement="bottom" />
      <Popover placement="bottom end" offset={4} className={cx(popoverClassName, 'max-h-96 min-w-40')}>
        <AriaMenu
          aria-label="Columns"
          selectionMode="multiple"
          selectedKeys={shown}
          onSelectionChange={(keys) => {
            const isShown = (id: string) => keys === 'all' || keys.has(id)
            onHiddenColumnsChange(offered.filter((column) => !isShown(column.id)).map((column) => column.id))
          }}
          className="outline-none"
        >
          {offered.map((column) => (
            <MenuItem
              key={column.id}
              id={column.id}
              textValue={column.header}
              className={cx('group', popoverItemClassName, popoverItemColor)}
            >
              <Check size={14} aria-hidden="true" className="invisible text-accent group-data-selected:visible" />
              {column.header}
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  )
}

/** Which columns a table shows. The first can't be hidden. Drawn again only for other columns, not for other rows. */
export const ColumnMenu = memo(ColumnMenuInner) as typeof ColumnMenuInner
