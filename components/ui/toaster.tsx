'use client'

import { Toaster as Sonner } from 'sonner'
import { useTheme } from './theme-toggle.tsx'

/** Where toasts appear; once, in the shell. Show one with `toast` of sonner. */
export function Toaster() {
  return (
    <Sonner
      theme={useTheme()}
      position="bottom-right"
      gap={8}
      // Over what stays at the foot of the page, not on it.
      offset={{ bottom: 'calc(var(--foot-height, 0px) + 16px)', right: 16 }}
      mobileOffset={{ bottom: 'calc(var(--foot-height, 0px) + 12px)', left: 12, right: 12 }}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            'flex w-(--width) items-start gap-2.5 rounded-lg bg-raised p-3 text-sm text-ink shadow-float font-sans',
          title: 'font-medium',
          description: 'text-xs text-ink-muted',
          icon: 'mt-0.5 [&_svg]:size-4',
          content: 'flex-1 min-w-0',
          actionButton: 'h-7 shrink-0 rounded-md border border-line px-2 text-xs font-medium hover:bg-hover',
          success: '[&_[data-icon]]:text-running',
          error: '[&_[data-icon]]:text-failed',
          warning: '[&_[data-icon]]:text-degraded',
          info: '[&_[data-icon]]:text-changing',
        },
      }}
    />
  )
}
