'use client'

import type { ReactNode } from 'react'
import { FieldError, Label, Text } from 'react-aria-components'
import { cx } from './class-name.ts'

/** What every form field shares. */
export interface FieldProps {
  label: string
  /** Keeps the label for screen readers alone. */
  isLabelHidden?: boolean
  description?: ReactNode
  /** What is wrong and how to right it; marks the field invalid. */
  error?: string
  isRequired?: boolean
  isDisabled?: boolean
  name?: string
  autoFocus?: boolean
  className?: string
}

export const fieldClassName = 'flex min-w-0 flex-col gap-1'

/** The label of a field, with "optional" said rather than required starred. */
export function FieldLabel({
  children,
  isHidden,
  isRequired,
}: {
  children: ReactNode
  isHidden?: boolean
  isRequired?: boolean
}) {
  return (
    <Label className={cx(isHidden ? 'sr-only' : 'text-xs font-medium text-ink-muted')}>
      {children}
      {isRequired && <span className="text-ink-faint"> (required)</span>}
    </Label>
  )
}

/** The description, or the error in its place. */
export function FieldHelp({ description, error }: { description?: ReactNode; error?: string }) {
  return (
    <>
      {description && !error && (
        <Text slot="description" className="text-xs text-ink-faint">
          {description}
        </Text>
      )}
      <FieldError className="text-xs text-failed">{error}</FieldError>
    </>
  )
}
