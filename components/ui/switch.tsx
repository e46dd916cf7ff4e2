'use client'

import type { ReactNode } from 'react'
import { Switch as AriaSwitch } from 'react-aria-components'
import { cx } from './class-name.ts'

export interface SwitchProps {
  children: ReactNode
  isSelected?: boolean
  defaultSelected?: boolean
  onChange?: (isSelected: boolean) => void
  isDisabled?: boolean
  name?: string
  description?: ReactNode
  className?: string
}

/** On or off, taking effect at once. */
export function Switch(props: SwitchProps) {
  return (
    <AriaSwitch
      name={props.name}
      isSelected={props.isSelected}
      defaultSelected={props.defaultSelected}
      onChange={props.onChange}
      isDisabled={props.isDisabled}
      className={cx(
        'group flex min-h-6 items-start gap-2 text-sm text-ink data-disabled:text-ink-faint',
        props.className,
      )}
    >
      <span className="mt-0.5 flex h-4 w-7 shrink-0 items-center rounded-full border border-line-strong bg-sunken px-0.5 transition-colors duration-100 group-data-disabled:border-line group-data-focus-visible:focus-ring group-data-focus-visible:outline-offset-1 group-data-selected:border-accent group-data-selected:bg-accent">
        <span className="size-2.5 rounded-full bg-line-strong transition-transform duration-100 group-data-selected:translate-x-3 group-data-selected:bg-accent-ink" />
      </span>
      <span className="flex flex-col">
        {props.children}
        {props.description && <span className="text-xs text-ink-faint">{props.description}</span>}
      </span>
    </AriaSwitch>
  )
}
