'use client'

import type { ReactNode, Ref } from 'react'
import { TextField as AriaTextField, Input, type KeyboardEvent } from 'react-aria-components'
import { controlClassName, cx } from './class-name.ts'
import { FieldHelp, FieldLabel, type FieldProps, fieldClassName } from './field.tsx'

export interface TextFieldProps extends FieldProps {
  value?: string
  defaultValue?: string
  onChange?: (value: string) => void
  placeholder?: string
  type?: 'text' | 'email' | 'password' | 'url' | 'tel' | 'search'
  autoComplete?: string
  isReadOnly?: boolean
  /** For identifiers, addresses and URIs. */
  isMono?: boolean
  maxLength?: number
  /** Sits inside the field at its end, e.g. a unit. */
  suffix?: ReactNode
  inputRef?: Ref<HTMLInputElement>
  onBlur?: () => void
  onEnter?: () => void
}

/** Keys go on to what is around the field: Escape to its dialog. */
const whenEnter = (onEnter: () => void) => (event: KeyboardEvent) => {
  if (event.key === 'Enter') onEnter()
  event.continuePropagation()
}

/** One line of text. */
export function TextField(props: TextFieldProps) {
  const { label, isLabelHidden, description, error, isRequired, isMono, placeholder, suffix, className, inputRef } =
    props
  const { onEnter } = props
  return (
    <AriaTextField
      name={props.name}
      value={props.value}
      defaultValue={props.defaultValue}
      onChange={props.onChange}
      type={props.type}
      autoComplete={props.autoComplete ?? 'off'}
      isRequired={isRequired}
      isDisabled={props.isDisabled}
      isReadOnly={props.isReadOnly}
      isInvalid={error ? true : undefined}
      autoFocus={props.autoFocus}
      maxLength={props.maxLength}
      onBlur={props.onBlur}
      {...(onEnter && { onKeyDown: whenEnter(onEnter) })}
      className={cx(fieldClassName, className)}
    >
      <FieldLabel isHidden={isLabelHidden} isRequired={isRequired}>
        {label}
      </FieldLabel>
      <div className="relative">
        <Input
          ref={inputRef}
          placeholder={placeholder}
          spellCheck={false}
          className={cx(controlClassName, isMono && 'font-mono text-xs', Boolean(suffix) && 'pr-12')}
        />
        {suffix && (
          <span className="pointer-events-none absolute inset-y-0 right-2 flex items-center text-xs text-ink-faint">
            {suffix}
          </span>
        )}
      </div>
      <FieldHelp description={description} error={error} />
    </AriaTextField>
  )
}
