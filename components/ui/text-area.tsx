'use client'

import { TextArea as AriaTextArea, TextField as AriaTextField } from 'react-aria-components'
import { controlClassName, cx } from './class-name.ts'
import { FieldHelp, FieldLabel, type FieldProps, fieldClassName } from './field.tsx'

export interface TextAreaProps extends FieldProps {
  value?: string
  defaultValue?: string
  onChange?: (value: string) => void
  placeholder?: string
  rows?: number
  isMono?: boolean
  isReadOnly?: boolean
}

/** Several lines of text. */
export function TextArea(props: TextAreaProps) {
  const { label, isLabelHidden, description, error, isRequired, isMono, rows = 4, placeholder, className } = props
  return (
    <AriaTextField
      name={props.name}
      value={props.value}
      defaultValue={props.defaultValue}
      onChange={props.onChange}
      isRequired={isRequired}
      isDisabled={props.isDisabled}
      isReadOnly={props.isReadOnly}
      isInvalid={error ? true : undefined}
      autoFocus={props.autoFocus}
      className={cx(fieldClassName, className)}
    >
      <FieldLabel isHidden={isLabelHidden} isRequired={isRequired}>
        {label}
      </FieldLabel>
      <AriaTextArea
        rows={rows}
        placeholder={placeholder}
        className={cx(controlClassName, 'h-auto resize-y py-1.5', isMono && 'font-mono text-xs')}
      />
      <FieldHelp description={description} error={error} />
    </AriaTextField>
  )
}
