'use client'

import { type ReactNode, useId, useState } from 'react'
import {
  Menu as AriaMenu,
  MenuItem as AriaMenuItem,
  Header,
  MenuSection,
  MenuTrigger,
  Popover,
  type PopoverProps,
  Separator,
  Text,
} from 'react-aria-components'
import { cx } from './class-name.ts'
import { Kbd } from './kbd.tsx'
import { popoverClassName, popoverItemClassName, popoverItemColor } from './popover-class.ts'

/** One command of a menu; `href` makes it a link. */
export interface MenuAction {
  id: string
  label: string
  icon?: ReactNode
  shortcut?: string
  isDanger?: boolean
  /** Off, with the reason as a second line. */
  disabledReason?: string
  onAction?: () => void
  href?: string
  /** Other words for it, by which the palette finds it */
  keywords?: readonly string[]
}

/** Commands that belong together, set off by a line; the title is optional. */
export interface MenuGroup {
  id: string
  title?: string
  items: readonly MenuAction[]
}

export interface MenuProps {
  /** The button that opens it: Button or IconButton. */
  trigger: ReactNode
  label: string
  groups: readonly MenuGroup[]
  placement?: PopoverProps['placement']
}

/** A list of commands behind a button. */
export function Menu({ trigger, label, groups, placement = 'bottom end' }: MenuProps) {
  const [isOpen, setOpen] = useState(false)
  return (
    <MenuTrigger isOpen={isOpen} onOpenChange={setOpen}>
      {trigger}
      <Popover placement={placement} offset={4} className={cx(popoverClassName, 'min-w-40 max-w-80')}>
        <MenuList label={label} groups={groups} />
      </Popover>
    </MenuTrigger>
  )
}

/** The commands themselves, for menus that something else opens (a table's row, the map). */
export function MenuList({ label, groups, onClose }: Pick<MenuProps, 'label' | 'groups'> & { onClose?: () => void }) {
  const filled = groups.filter((group) => group.items.length > 0)
  const disabledKeys = filled.flatMap((group) => group.items.filter((item) => item.disabledReason).map(({ id }) => id))
  const shared = sharedReason(filled.flatMap(({ items }) => items.flatMap((item) => item.disabledReason ?? [])))
  const noteId = useId()
  const hasIcons = filled.some((group) => group.items.some((item) => item.icon))
  const menu = (
    <AriaMenu
      aria-label={label}
      aria-describedby={shared && noteId}
      disabledKeys={disabledKeys}
      onClose={onClose}
      className="outline-none"
      autoFocus="first"
    >
      {filled.map((group, index) => (
        <MenuSection key={group.id} id={`group ${group.id}`} aria-label={group.title ?? group.id}>
          {index > 0 && <Separator className="-mx-1 my-1 h-px bg-line" />}
          {group.title && <Header className="px-2 pt-1 pb-0.5 text-2xs text-ink-faint">{group.title}</Header>}
          {group.items.map((item) => (
            <MenuLine key={item.id} item={item} hasGutter={hasIcons} isReasonSaid={shared !== undefined} />
          ))}
        </MenuSection>
      ))}
    </AriaMenu>
  )
  if (!shared) return menu
  return (
    <>
      <p id={noteId} className="border-b border-line px-2 pt-1 pb-1.5 text-xs text-ink-muted">
        {shared}
      </p>
      {menu}
    </>
  )
}

/** With fewer lines off, each says its own. */
const fewestToShare = 3

/** What all that is off is off for, to be said once: the sentences that every reason begins with. */
export function sharedReason(reasons: readonly string[]): string | undefined {
  const [first, ...others] = reasons
  if (first === undefined || reasons.length < fewestToShare) return undefined
  let end = first.length
  for (const other of others) while (!other.startsWith(first.slice(0, end))) end--
  const isWhole = reasons.every((reason) => reason.length === end)
  return isWhole ? first : /^.*\.(?= )/s.exec(first.slice(0, end))?.[0]
}

interface MenuLineProps {
  item: MenuAction
  hasGutter: boolean
  /** It stands above all lines */
  isReasonSaid: boolean
}

function MenuLine({ item, hasGutter, isReasonSaid }: MenuLineProps) {
  const reason = isReasonSaid ? undefined : item.disabledReason
  return (
    <AriaMenuItem
      id={item.id}
      href={item.href}
      textValue={item.label}
      onAction={item.onAction}
      className={cx(
        popoverItemClassName,
        item.isDanger && !item.disabledReason ? 'text-failed data-focused:bg-failed-soft' : popoverItemColor,
        reason && 'items-start',
      )}
    >
      {hasGutter && <span className="flex h-5 w-4 shrink-0 items-center justify-center opacity-80">{item.icon}</span>}
      <span className="flex min-w-0 flex-1 flex-col">
        <Text slot="label">{item.label}</Text>
        {reason && (
          <Text slot="description" className="text-xs leading-4">
            {reason}
          </Text>
        )}
      </span>
      {item.shortcut && <Kbd className="ml-4">{item.shortcut}</Kbd>}
    </AriaMenuItem>
  )
}
