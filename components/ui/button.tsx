'use client'

import NextLink from 'next/link'
import type { ReactNode, Ref } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import { type ButtonSize, type ButtonVariant, buttonClassName } from './button-class.ts'
import { cx } from './class-name.ts'
import { Spinner } from './spinner.tsx'
import { Tooltip } from './tooltip.tsx'

export interface ButtonProps {
  children: ReactNode
  variant?: ButtonVariant
  size?: ButtonSize
  /** A 14–16 px icon before the words. */
  icon?: ReactNode
  onPress?: () => void
  type?: 'button' | 'submit' | 'reset'
  /** The work has begun: a spinner, still focusable, presses ignored. */
  isPending?: boolean
  /** Why it can't be pressed now. It stays focusable and says why in a tooltip. */
  disabledReason?: string
  /** Off without a reason worth telling, e.g. an incomplete form. */
  isDisabled?: boolean
  autoFocus?: boolean
  form?: string
  /** What a screen reader says when the words are not enough. */
  label?: string
  /** For a button that opens or holds something. */
  isExpanded?: boolean
  className?: string
  ref?: Ref<HTMLButtonElement>
}

/** A command. Primary once a page or dialog; danger for what destroys. */
export function Button(props: ButtonProps) {
  const { children, variant = 'secondary', size = 'md', icon, isPending, disabledReason, isDisabled, className } = props
  const isOff = Boolean(disabledReason || isDisabled)
  const button = (
    <AriaButton
      ref={props.ref}
      type={disabledReason ? 'button' : props.type}
      form={props.form}
      autoFocus={props.autoFocus}
      isPending={isPending}
      isDisabled={isDisabled && !disabledReason}
      aria-disabled={disabledReason ? true : undefined}
      aria-expanded={props.isExpanded}
      aria-label={props.label}
      onPress={disabledReason ? undefined : props.onPress}
      className={cx(buttonClassName({ variant, size, isOff }), className)}
    >
      {isPending ? <Spinner /> : icon}
      {children}
    </AriaButton>
  )
  return disabledReason ? <Tooltip content={disabledReason}>{button}</Tooltip> : button
}

export interface ButtonLinkProps
  extends Pick<ButtonProps, 'children' | 'variant' | 'size' | 'icon' | 'className' | 'disabledReason'> {
  href: string
}

/** Looks like a button, goes somewhere. */
export function ButtonLink({ href, disabledReason, ...look }: ButtonLinkProps) {
  if (disabledReason) return <Button {...look} disabledReason={disabledReason} />
  const { children, variant = 'secondary', size = 'md', icon, className } = look
  const hover = { primary: 'hover:bg-primary-hover', danger: 'hover:bg-danger-hover' }[variant as string]
  return (
    <NextLink
      href={href}
      className={cx(buttonClassName({ variant, size }), hover ?? 'hover:bg-hover hover:text-ink', className)}
    >
      {icon}
      {children}
    </NextLink>
  )
}
