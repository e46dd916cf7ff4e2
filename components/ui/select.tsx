'use client'

import { Check, ChevronsUpDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { Select as AriaSelect, Button, ListBox, ListBoxItem, Popover, SelectValue, Text } from 'react-aria-components'
import { controlClassName, cx } from './class-name.ts'
import { FieldHelp, FieldLabel, type FieldProps, fieldClassName } from './field.tsx'
import { popoverClassName, popoverItemClassName, popoverItemColor } from './popover-class.ts'

/** One choice of a Select or ComboBox. */
export interface Option {
  id: string
  label: string
  /** A second, quieter line. */
  detail?: string
  icon?: ReactNode
  /** A word after the label */
  badge?: ReactNode
  /** Off, with the reason shown in place of the detail. */
  disabledReason?: string
}

export interface SelectProps extends FieldProps {
  options: readonly Option[]
  value?: string | null
  defaultValue?: string
  onChange?: (id: string) => void
  placeholder?: string
}

/** One of a few; more than about fifteen want a ComboBox. */
export function Select(props: SelectProps) {
  const { label, isLabelHidden, description, error, isRequired, options, placeholder, className } = props
  return (
    <AriaSelect
      name={props.name}
      value={props.value}
      defaultValue={props.defaultValue}
      onChange={(key) => key !== null && props.onChange?.(String(key))}
      placeholder={placeholder ?? 'Choose…'}
      isRequired={isRequired}
      isDisabled={props.isDisabled}
      isInvalid={error ? true : undefined}
      autoFocus={props.autoFocus}
      className={cx(fieldClassName, className)}
    >
      <FieldLabel isHidden={isLabelHidden} isRequired={isRequired}>
        {label}
      </FieldLabel>
      <Button
        className={cx(controlClassName, 'flex items-center justify-between gap-2 text-left data-hovered:bg-hover')}
      >
        <SelectValue<Option> className="flex min-w-0 items-center gap-1.5 data-placeholder:text-ink-faint">
          {({ isPlaceholder, selectedText, selectedItem, defaultChildren }) => (
            <>
              <span className="truncate">{isPlaceholder ? defaultChildren : selectedText}</span>
              {selectedItem?.badge}
            </>
          )}
        </SelectValue>
        <ChevronsUpDown size={13} aria-hidden="true" className="shrink-0 text-ink-faint" />
      </Button>
      <FieldHelp description={description} error={error} />
      <Popover offset={4} className={cx(popoverClassName, 'max-h-80 min-w-(--trigger-width)')}>
        <ListBox items={options} disabledKeys={options.filter((option) => option.disabledReason).map(({ id }) => id)}>
          {(option) => <OptionItem option={option} />}
        </ListBox>
      </Popover>
    </AriaSelect>
  )
}

/** One line of the list that a Select or ComboBox opens. */
export function OptionItem({ option }: { option: Option }) {
  const detail = option.disabledReason ?? option.detail
  return (
    <ListBoxItem
      id={option.id}
      textValue={option.label}
      className={cx('group', popoverItemClassName, popoverItemColor)}
    >
      {option.icon}
      <span className="flex min-w-0 flex-1 flex-col">
        <span className="flex min-w-0 items-center gap-1.5">
          <Text slot="label" className="truncate">
            {option.label}
          </Text>
          {option.badge}
        </span>
        {detail && (
          <Text slot="description" className="text-xs text-ink-faint">
            {detail}
          </Text>
        )}
      </span>
      <Check size={14} aria-hidden="true" className="invisible shrink-0 text-accent group-data-selected:visible" />
    </ListBoxItem>
  )
}
