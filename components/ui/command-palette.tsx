'use client'

import { Command } from 'cmdk'
import { Search } from 'lucide-react'
import { type ReactNode, useRef, useState } from 'react'
import { Dialog, Modal, ModalOverlay } from 'react-aria-components'
import { cx } from './class-name.ts'
import { overlayClassName } from './dialog.tsx'
import { ErrorMessage, type ErrorMessageProps } from './error-message.tsx'
import { Kbd } from './kbd.tsx'
import { Spinner } from './spinner.tsx'

/** One thing the palette can do or open. */
export interface PaletteItem {
  id: string
  label: string
  icon?: ReactNode
  /** A word after the label */
  badge?: ReactNode
  isDanger?: boolean | undefined
  /** At the right: where it is, what kind it is. */
  hint?: ReactNode
  shortcut?: string
  /** Other words that find it. */
  keywords?: readonly string[]
  disabledReason?: string | undefined
  /** The palette stays: there is more to type */
  keepsOpen?: boolean
  onSelect: () => void
}

export interface PaletteGroup {
  id: string
  title: string
  items: readonly PaletteItem[]
}

export interface CommandPaletteProps {
  isOpen: boolean
  onOpenChange: (isOpen: boolean) => void
  search: string
  onSearchChange: (search: string) => void
  groups: readonly PaletteGroup[]
  /** Results are on their way from the server. */
  isLoading?: boolean
  /** The server could not be asked, so that what is missing here may well be there. */
  problem?: ErrorMessageProps | undefined
  /** Below the results: what else can be typed. */
  footer?: ReactNode
  /** In place of "Nothing is called so" */
  hint?: string | undefined
  /** False when the groups were already found by the server. */
  isFiltering?: boolean
  placeholder?: string
}

const movingKeys: ReadonlySet<string> = new Set(['ArrowDown', 'ArrowUp', 'Home', 'End'])
const groupClassName =
  '[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:text-ink-faint'

/** Everything by name: pages, things, commands. Choosing closes it. */
export function CommandPalette(props: CommandPaletteProps) {
  const { isOpen, onOpenChange, search, onSearchChange, groups, isLoading, isFiltering = true, problem } = props
  const isMoving = useRef(false)
  const [moved, setMoved] = useState<string | null>(null)
  const enabled = groups.flatMap(({ items }) => items).filter(({ disabledReason }) => !disabledReason)
  // What comes first may come last; whoever has not moved yet means the first.
  const selected = enabled.find(({ id }) => id === moved)?.id ?? enabled[0]?.id ?? ''
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      isDismissable
      className={cx(overlayClassName, 'items-start justify-center p-3 sm:pt-[14vh]')}
    >
      <Modal className="w-full max-w-150">
        <Dialog aria-label="Command palette" className="outline-none">
          <Command
            label="Command palette"
            loop
            shouldFilter={isFiltering}
            value={selected}
            onKeyDown={({ key, ctrlKey }) => {
              isMoving.current = movingKeys.has(key) || ctrlKey
            }}
            onPointerMoveCapture={() => {
              isMoving.current = true
            }}
            onValueChange={(id) => isMoving.current && setMoved(id)}
            className="overflow-hidden rounded-xl bg-raised shadow-float"
          >
            <div className="flex h-12 items-center gap-2.5 border-b border-line px-4 text-ink-faint">
              {isLoading ? <Spinner /> : <Search size={15} aria-hidden="true" />}
              <Command.Input
                autoFocus
                value={search}
                onValueChange={(text) => {
                  isMoving.current = false
                  setMoved(null)
                  onSearchChange(text)
                }}
                placeholder={props.placeholder ?? 'Find a VM, host, site, page or command'}
                className="h-full min-w-0 flex-1 bg-transparent text-base text-ink outline-none placeholder:text-ink-faint focus-visible:outline-none"
              />
              <Kbd>Esc</Kbd>
            </div>
            {problem && <ErrorMessage {...problem} className="m-1.5 mb-0" />}
            <Command.List label="Results" className="max-h-[min(56vh,420px)] overflow-y-auto p-1.5">
              {!problem && (
                <Command.Empty className="px-3 py-8 text-center text-sm text-ink-muted">
                  {isLoading ? 'Looking…' : (props.hint ?? `Nothing is called “${search}”`)}
                </Command.Empty>
              )}
              {groups
                .filter((group) => group.items.length > 0)
                .map((group) => (
                  <Command.Group key={group.id} heading={group.title} value={group.id} className={groupClassName}>
                    {group.items.map((item) => (
                      <PaletteLine key={item.id} item={item} onDone={() => item.keepsOpen || onOpenChange(false)} />
                    ))}
                  </Command.Group>
                ))}
            </Command.List>
            {props.footer && (
              <p className="truncate border-t border-line px-4 py-2 text-2xs text-ink-faint">{props.footer}</p>
            )}
          </Command>
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

function PaletteLine({ item, onDone }: { item: PaletteItem; onDone: () => void }) {
  return (
    <Command.Item
      value={item.id}
      keywords={[item.label, ...(item.keywords ?? [])]}
      disabled={Boolean(item.disabledReason)}
      onSelect={() => {
        onDone()
        item.onSelect()
      }}
      className={cx(
        'flex min-h-8 cursor-default items-center gap-2.5 rounded-md px-2.5 py-1 text-sm data-[disabled=true]:text-ink-faint data-[selected=true]:bg-active',
        item.isDanger ? 'text-failed' : 'text-ink',
      )}
    >
      {item.icon && <span className="flex w-4 shrink-0 justify-center opacity-80">{item.icon}</span>}
      <span className="flex min-w-0 flex-1 flex-col">
        <span className="flex min-w-0 items-center gap-2">
          <span className="truncate">{item.label}</span>
          {item.badge}
        </span>
        {item.disabledReason && <span className="text-xs leading-4">{item.disabledReason}</span>}
      </span>
      {item.hint && (
        <span className="max-w-[45%] shrink-0 truncate text-xs text-ink-muted sm:max-w-[65%]">{item.hint}</span>
      )}
      {item.shortcut && <Kbd>{item.shortcut}</Kbd>}
    </Command.Item>
  )
}
