'use client'

import { Minus, Plus } from 'lucide-react'
import { Button as AriaButton, NumberField as AriaNumberField, Group, Input } from 'react-aria-components'
import { cx } from './class-name.ts'
import { FieldHelp, FieldLabel, type FieldProps, fieldClassName } from './field.tsx'

export interface NumberFieldProps extends FieldProps {
  value?: number
  defaultValue?: number
  /** NaN when emptied. */
  onChange?: (value: number) => void
  min?: number
  max?: number
  step?: number
  /** A number that names something, such as a port: without separators. */
  isUngrouped?: boolean
  /** Shown inside the field and read with its label, e.g. `GiB`. */
  unit?: string
}

const stepClassName =
  'flex h-full w-7 shrink-0 items-center justify-center text-ink-muted outline-none data-hovered:bg-hover data-hovered:text-ink data-pressed:bg-active data-disabled:text-ink-faint/60'

const ungrouped: Intl.NumberFormatOptions = { useGrouping: false }

/** A number with its unit, stepped by arrow keys or the two buttons. */
export function NumberField(props: NumberFieldProps) {
  const { label, isLabelHidden, description, error, isRequired, unit, className } = props
  return (
    <AriaNumberField
      name={props.name}
      value={props.value}
      defaultValue={props.defaultValue}
      onChange={props.onChange}
      minValue={props.min}
      maxValue={props.max}
      step={props.step}
      formatOptions={props.isUngrouped ? ungrouped : undefined}
      isRequired={isRequired}
      isDisabled={props.isDisabled}
      isInvalid={error ? true : undefined}
      autoFocus={props.autoFocus}
      className={cx(fieldClassName, className)}
    >
      <FieldLabel isHidden={isLabelHidden} isRequired={isRequired}>
        {label}
        {unit && <span className="sr-only"> in {unit}</span>}
      </FieldLabel>
      <Group className="flex h-8 items-center overflow-hidden rounded-md border border-line-strong bg-surface data-disabled:border-line data-disabled:bg-sunken data-focus-within:border-focus data-focus-within:focus-ring data-focus-within:-outline-offset-1 data-invalid:border-failed">
        <Input className="h-full w-full min-w-0 bg-transparent px-2 text-sm text-ink outline-none data-disabled:text-ink-faint" />
        {unit && (
          <span aria-hidden="true" className="shrink-0 pr-2 text-xs text-ink-faint">
            {unit}
          </span>
        )}
        <AriaButton slot="decrement" className={cx(stepClassName, 'border-l border-line')}>
          <Minus size={12} aria-hidden="true" />
        </AriaButton>
        <AriaButton slot="increment" className={cx(stepClassName, 'border-l border-line')}>
          <Plus size={12} aria-hidden="true" />
        </AriaButton>
      </Group>
      <FieldHelp description={description} error={error} />
    </AriaNumberField>
  )
}
