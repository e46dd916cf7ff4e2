'use client'

import { Check, Minus } from 'lucide-react'
import type { ReactNode } from 'react'
import { Checkbox as AriaCheckbox } from 'react-aria-components'
import { cx } from './class-name.ts'

export interface CheckboxProps {
  children: ReactNode
  isSelected?: boolean
  defaultSelected?: boolean
  isIndeterminate?: boolean
  onChange?: (isSelected: boolean) => void
  isDisabled?: boolean
  isRequired?: boolean
  name?: string
  /** A quieter line below the words. */
  description?: ReactNode
  className?: string
}

/** Yes or no, in a form that is sent later; for what takes effect at once use Switch. */
export function Checkbox(props: CheckboxProps) {
  return (
    <AriaCheckbox
      name={props.name}
      isSelected={props.isSelected}
      defaultSelected={props.defaultSelected}
      isIndeterminate={props.isIndeterminate}
      onChange={props.onChange}
      isDisabled={props.isDisabled}
      isRequired={props.isRequired}
      className={cx(
        'group flex min-h-6 items-start gap-2 text-sm text-ink data-disabled:text-ink-faint',
        props.className,
      )}
    >
      {({ isSelected, isIndeterminate }) => (
        <>
          <span
            className={cx(
              'mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-sm border border-line-strong bg-surface text-accent-ink',
              'group-data-focus-visible:focus-ring group-data-focus-visible:outline-offset-1',
              'group-data-indeterminate:border-accent group-data-indeterminate:bg-accent group-data-selected:border-accent group-data-selected:bg-accent',
              'group-data-disabled:border-line group-data-disabled:bg-sunken group-data-disabled:text-ink-faint group-data-invalid:border-failed',
              'group-data-disabled:group-data-indeterminate:border-line-strong group-data-disabled:group-data-indeterminate:bg-active group-data-disabled:group-data-indeterminate:text-ink-muted',
              'group-data-disabled:group-data-selected:border-line-strong group-data-disabled:group-data-selected:bg-active group-data-disabled:group-data-selected:text-ink-muted',
            )}
          >
            {isIndeterminate ? (
              <Minus size={11} strokeWidth={3} aria-hidden="true" />
            ) : (
              isSelected && <Check size={11} strokeWidth={3} aria-hidden="true" />
            )}
          </span>
          <span className="flex flex-col">
            {props.children}
            {props.description && <span className="text-xs text-ink-faint">{props.description}</span>}
          </span>
        </>
      )}
    </AriaCheckbox>
  )
}
