'use client'

import type { ReactNode } from 'react'
import { Tooltip as AriaTooltip, type TooltipProps as AriaTooltipProps, TooltipTrigger } from 'react-aria-components'
import { Kbd } from './kbd.tsx'

export interface TooltipProps {
  /** What the bubble says; it becomes the trigger's description for screen readers. */
  content: ReactNode
  /** A chord shown after the text, e.g. `⌘K`. */
  shortcut?: string
  placement?: AriaTooltipProps['placement']
  delayMs?: number
  /** One focusable element of react-aria: Button, Link, or anything in `<Focusable>`. */
  children: ReactNode
}

/** A short hint on hover and focus. Never the only place of something a person must know. */
export function Tooltip({ content, shortcut, placement = 'top', delayMs = 350, children }: TooltipProps) {
  return (
    <TooltipTrigger delay={delayMs} closeDelay={80}>
      {children}
      <AriaTooltip
        placement={placement}
        offset={6}
        className="flex max-w-72 items-center gap-2 rounded-md bg-raised px-2 py-1 text-xs text-ink shadow-float data-entering:animate-appear"
      >
        {content}
        {shortcut && <Kbd>{shortcut}</Kbd>}
      </AriaTooltip>
    </TooltipTrigger>
  )
}
