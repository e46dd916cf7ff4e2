'use client'

import type { ReactNode, Ref } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import { type ButtonSize, type ButtonVariant, buttonClassName } from './button-class.ts'
import { cx } from './class-name.ts'
import { Spinner } from './spinner.tsx'
import { Tooltip, type TooltipProps } from './tooltip.tsx'

export interface IconButtonProps {
  /** The name of the command: read aloud, and shown in the tooltip. */
  label: string
  icon: ReactNode
  onPress?: () => void
  variant?: ButtonVariant
  size?: ButtonSize
  shortcut?: string
  isPending?: boolean
  /** Why it can't be pressed now; shown in place of the name. */
  disabledReason?: string
  isDisabled?: boolean
  /** For a toggle: whether it is on. */
  isPressed?: boolean
  tooltipPlacement?: TooltipProps['placement']
  className?: string
  ref?: Ref<HTMLButtonElement>
}

/** A square button with an icon; its name is in the tooltip. */
export function IconButton(props: IconButtonProps) {
  const { label, icon, variant = 'quiet', size = 'sm', disabledReason, isDisabled, isPending, isPressed } = props
  return (
    <Tooltip
      content={disabledReason ? `${label}: ${disabledReason}` : label}
      shortcut={props.shortcut}
      placement={props.tooltipPlacement}
    >
      <AriaButton
        ref={props.ref}
        aria-label={label}
        aria-pressed={isPressed}
        aria-disabled={disabledReason ? true : undefined}
        isDisabled={isDisabled && !disabledReason}
        isPending={isPending}
        onPress={disabledReason ? undefined : props.onPress}
        className={cx(
          buttonClassName({ variant, size, isSquare: true, isOff: Boolean(disabledReason || isDisabled) }),
          isPressed && 'bg-active text-ink',
          props.className,
        )}
      >
        {isPending ? <Spinner /> : icon}
      </AriaButton>
    </Tooltip>
  )
}
