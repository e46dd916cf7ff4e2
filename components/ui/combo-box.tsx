'use client'

import { ChevronsUpDown } from 'lucide-react'
import { ComboBox as AriaComboBox, Button, Input, ListBox, Popover } from 'react-aria-components'
import { controlClassName, cx } from './class-name.ts'
import { FieldHelp, FieldLabel, type FieldProps, fieldClassName } from './field.tsx'
import { popoverClassName } from './popover-class.ts'
import { type Option, OptionItem } from './select.tsx'
import { Spinner } from './spinner.tsx'

export interface ComboBoxProps extends FieldProps {
  options: readonly Option[]
  value?: string | null
  /** Null when emptied. */
  onChange?: (id: string | null) => void
  /** For lists that a server filters: called as the person types. */
  onInputChange?: (text: string) => void
  placeholder?: string
  isLoading?: boolean
  emptyText?: string
}

/** One of many: type to narrow, arrows to choose. */
export function ComboBox(props: ComboBoxProps) {
  const { label, isLabelHidden, description, error, isRequired, options, className } = props
  return (
    <AriaComboBox
      name={props.name}
      defaultItems={options}
      value={props.value}
      onChange={(key) => props.onChange?.(key === null ? null : String(key))}
      onInputChange={props.onInputChange}
      menuTrigger="focus"
      allowsEmptyCollection
      disabledKeys={options.filter((option) => option.disabledReason).map(({ id }) => id)}
      isRequired={isRequired}
      isDisabled={props.isDisabled}
      isInvalid={error ? true : undefined}
      autoFocus={props.autoFocus}
      className={cx(fieldClassName, className)}
    >
      <FieldLabel isHidden={isLabelHidden} isRequired={isRequired}>
        {label}
      </FieldLabel>
      <div className="relative">
        <Input placeholder={props.placeholder} className={cx(controlClassName, 'pr-8')} />
        <Button className="absolute inset-y-0 right-0 flex w-8 items-center justify-center text-ink-faint outline-none">
          {props.isLoading ? <Spinner sizePx={12} /> : <ChevronsUpDown size={13} aria-hidden="true" />}
        </Button>
      </div>
      <FieldHelp description={description} error={error} />
      <Popover offset={4} className={cx(popoverClassName, 'max-h-80 min-w-(--trigger-width)')}>
        <ListBox<Option>
          renderEmptyState={() => (
            <p className="px-2 py-1.5 text-xs text-ink-faint">
              {props.isLoading ? 'Looking…' : (props.emptyText ?? 'Nothing matches')}
            </p>
          )}
        >
          {(option) => <OptionItem option={option} />}
        </ListBox>
      </Popover>
    </AriaComboBox>
  )
}
