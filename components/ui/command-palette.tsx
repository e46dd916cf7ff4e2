'use client'

import { Search } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { Dialog, Input, Modal, ModalOverlay } from 'react-aria-components'
import { cx } from './class-name.ts'
import { overlayClassName } from './dialog.tsx'
import { ErrorMessage, type ErrorMessageProps } from './error-message.tsx'
import { Kbd } from './kbd.tsx'
import { chosenItem, itemAt, type PaletteGroup, type PaletteItem } from './palette-choice.ts'
import { Spinner } from './spinner.tsx'

export interface CommandPaletteProps {
  onClose: () => void
  search: string
  onSearchChange: (search: string) => void
  /** What was found for the text, best first */
  groups: readonly PaletteGroup[]
  /** Enter does the first that can be done; otherwise nothing, until somebody has gone to a line. */
  isFirstMeant: boolean
  /** Results are on their way from the server. */
  isLoading?: boolean
  /** The server could not be asked, so that what is missing here may well be there. */
  problem?: ErrorMessageProps | undefined
  /** Below the results: what else can be typed. */
  footer?: ReactNode
  /** In place of "Nothing is called so" */
  hint?: string | undefined
}

/** Everything by name: pages, things, commands. Choosing closes it, and what was chosen is done once it has gone. */
export function CommandPalette(props: CommandPaletteProps) {
  const { onClose, search, onSearchChange, groups, isFirstMeant, isLoading, problem } = props
  const listId = useId()
  const [movedTo, setMovedTo] = useState<string | null>(null)
  const shown = groups.filter(({ items }) => items.length > 0)
  const chosen = chosenItem(groups, movedTo, isFirstMeant)
  const lineId = ({ id }: PaletteItem) => `${listId}-${encodeURIComponent(id)}`
  // A dialog gives the focus back to what had it when it came: to nothing, if the palette still stood there.
  const afterwards = useRef<() => void>(undefined)
  useEffect(() => () => void (afterwards.current && requestAnimationFrame(afterwards.current)), [])
  const choose = (item: PaletteItem) => {
    if (item.keepsOpen) return item.onSelect()
    afterwards.current = item.onSelect
    onClose()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return
    const next = itemAt(groups, chosen, event.key)
    if (next) {
      event.preventDefault()
      setMovedTo(next.id)
      document.getElementById(lineId(next))?.scrollIntoView({ block: 'nearest' })
    }
    if (event.key === 'Enter' && chosen) {
      event.preventDefault()
      choose(chosen)
    }
  }
  return (
    <ModalOverlay
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      isDismissable
      className={cx(overlayClassName, 'items-start justify-center p-3 sm:pt-[14vh]')}
    >
      <Modal className="w-full max-w-150 overflow-hidden rounded-xl bg-raised shadow-float">
        <Dialog aria-label="Command palette" className="outline-none">
          <div className="flex h-12 items-center gap-2.5 border-b border-line px-4 text-ink-faint">
            {isLoading ? <Spinner /> : <Search size={15} aria-hidden="true" />}
            <Input
              autoFocus
              role="combobox"
              aria-label="Command palette"
              aria-autocomplete="list"
              aria-expanded={shown.length > 0}
              aria-controls={shown.length > 0 ? listId : undefined}
              aria-activedescendant={chosen && lineId(chosen)}
              autoComplete="off"
              autoCorrect="off"
              spellCheck={false}
              value={search}
              onChange={({ target }) => {
                setMovedTo(null)
                document.getElementById(listId)?.scrollTo(0, 0)
                onSearchChange(target.value)
              }}
              onKeyDown={onKeyDown}
              placeholder="Find a VM, host, site, page or command"
              className="h-full min-w-0 flex-1 bg-transparent text-base text-ink outline-none placeholder:text-ink-faint focus-visible:outline-none"
            />
            <Kbd>Esc</Kbd>
          </div>
          {problem && <ErrorMessage {...problem} className="m-1.5 mb-0" />}
          {shown.length > 0 && (
            <div
              id={listId}
              role="listbox"
              aria-label="Results"
              tabIndex={-1}
              className="max-h-[min(56vh,420px)] overflow-y-auto p-1.5 outline-none"
            >
              {shown.map(({ id, title, items }) => (
                <div key={id} role="group" aria-labelledby={`${listId}-${id}-title`}>
                  <p id={`${listId}-${id}-title`} className="px-2.5 pt-2 pb-1 text-2xs text-ink-faint">
                    {title}
                  </p>
                  {items.map((item) => (
                    <PaletteLine
                      key={item.id}
                      id={lineId(item)}
                      item={item}
                      isChosen={item === chosen}
                      onPoint={() => setMovedTo(item.id)}
                      onChoose={() => choose(item)}
                    />
                  ))}
                </div>
              ))}
            </div>
          )}
          {shown.length === 0 && !problem && (
            <p role="status" className="px-4 py-8 text-center text-sm text-ink-muted">
              {isLoading ? 'Looking…' : (props.hint ?? `Nothing is called “${search}”`)}
            </p>
          )}
          {props.footer && (
            <p className="truncate border-t border-line px-4 py-2 text-2xs text-ink-faint">{props.footer}</p>
          )}
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

interface PaletteLineProps {
  id: string
  item: PaletteItem
  isChosen: boolean
  onPoint: () => void
  onChoose: () => void
}

function PaletteLine({ id, item, isChosen, onPoint, onChoose }: PaletteLineProps) {
  const isOff = item.disabledReason !== undefined
  return (
    <button
      type="button"
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={isChosen}
      aria-disabled={isOff}
      onPointerMove={isOff ? undefined : onPoint}
      // The input keeps the focus, and with it the keys.
      onMouseDown={(event) => event.preventDefault()}
      onClick={isOff ? undefined : onChoose}
      className={cx(
        'flex min-h-8 w-full cursor-default scroll-mt-9 items-center gap-2.5 rounded-md px-2.5 py-1 text-left text-sm',
        isOff ? 'text-ink-faint' : item.isDanger ? 'text-failed' : 'text-ink',
        isChosen && 'bg-active shadow-[inset_2px_0_0_var(--color-accent)]',
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
    </button>
  )
}
