'use client'

import { Search, X } from 'lucide-react'
import type { Ref } from 'react'
import { SearchField as AriaSearchField, Button, Input } from 'react-aria-components'
import { controlClassName, cx } from './class-name.ts'
import { Kbd } from './kbd.tsx'

export interface SearchFieldProps {
  /** Names the field for screen readers. */
  label: string
  value: string
  onChange: (value: string) => void
  onSubmit?: (value: string) => void
  placeholder?: string
  /** The chord that leads here, shown while empty. */
  shortcut?: string
  isDisabled?: boolean
  inputRef?: Ref<HTMLInputElement>
  className?: string
}

/** Free text to look for; Escape clears it. */
export function SearchField(props: SearchFieldProps) {
  return (
    <AriaSearchField
      aria-label={props.label}
      value={props.value}
      onChange={props.onChange}
      onSubmit={props.onSubmit}
      isDisabled={props.isDisabled}
      className={cx('group relative min-w-0', props.className)}
    >
      <Search size={14} aria-hidden="true" className="pointer-events-none absolute top-2.25 left-2.5 text-ink-faint" />
      <Input
        ref={props.inputRef}
        placeholder={props.placeholder}
        className={cx(controlClassName, 'px-8 [&::-webkit-search-cancel-button]:hidden')}
      />
      {props.shortcut && (
        <Kbd className="pointer-events-none absolute top-1.75 right-2 hidden group-data-empty:inline-flex">
          {props.shortcut}
        </Kbd>
      )}
      <Button className="absolute top-1.5 right-1.5 flex size-5 items-center justify-center rounded-sm text-ink-muted group-data-empty:hidden data-hovered:bg-hover data-hovered:text-ink">
        <X size={13} aria-hidden="true" />
      </Button>
    </AriaSearchField>
  )
}
