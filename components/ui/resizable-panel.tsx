'use client'

import { ChevronDown, ChevronUp } from 'lucide-react'
import { type ReactNode, useId, useLayoutEffect, useRef } from 'react'
import { IconButton } from './icon-button.tsx'
import { useResize } from './use-resize.ts'

export interface ResizablePanelProps {
  label: string
  /** Beside the label, also when closed: counts, the running ones. */
  summary?: ReactNode
  /** At the right of the head. */
  actions?: ReactNode
  isOpen: boolean
  onOpenChange: (isOpen: boolean) => void
  /** Where the height is remembered in this browser. */
  storageKey: string
  defaultHeightPx?: number
  minHeightPx?: number
  maxHeightPx?: number
  children: ReactNode
}

/** The tray at the foot of the shell: drag its upper edge, or step it with the arrow keys; the head stays when closed. */
export function ResizablePanel(props: ResizablePanelProps) {
  const { label, summary, actions, isOpen, onOpenChange, children } = props
  const id = useId()
  const { sizePx, separatorProps } = useResize({
    label: `Height of ${label}`,
    storageKey: props.storageKey,
    defaultPx: props.defaultHeightPx ?? 220,
    minPx: props.minHeightPx ?? 96,
    maxPx: props.maxHeightPx ?? 560,
    axis: 'y',
    growsForward: false,
  })
  const panel = useRef<HTMLElement>(null)
  useLayoutEffect(() => {
    const { style } = document.documentElement
    const observer = new ResizeObserver(() =>
      style.setProperty('--foot-height', `${panel.current?.offsetHeight ?? 0}px`),
    )
    if (panel.current) observer.observe(panel.current)
    return () => {
      observer.disconnect()
      style.removeProperty('--foot-height')
    }
  }, [])
  return (
    <section ref={panel} aria-label={label} className="relative flex shrink-0 flex-col border-t border-line bg-surface">
      {isOpen && (
        <div
          {...separatorProps}
          aria-controls={id}
          className="absolute inset-x-0 -top-1 z-5 h-2 cursor-row-resize touch-none after:absolute after:inset-x-0 after:top-0.75 after:h-0.5 hover:after:bg-accent/50 focus-visible:outline-none focus-visible:after:bg-focus"
        />
      )}
      <header className="flex h-9 shrink-0 items-center gap-2 pr-2 pl-4">
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => onOpenChange(!isOpen)}
          className="flex min-w-0 flex-1 items-center gap-2 self-stretch text-left text-xs"
        >
          <span className="font-medium text-ink">{label}</span>
          <span className="flex min-w-0 items-center gap-2 truncate text-ink-muted">{summary}</span>
        </button>
        {actions}
        <IconButton
          label={isOpen ? `Close ${label}` : `Open ${label}`}
          icon={isOpen ? <ChevronDown size={15} aria-hidden="true" /> : <ChevronUp size={15} aria-hidden="true" />}
          onPress={() => onOpenChange(!isOpen)}
        />
      </header>
      <div
        id={id}
        hidden={!isOpen}
        className="max-h-[50dvh] min-h-0 overflow-auto"
        style={{ height: isOpen ? sizePx : 0 }}
      >
        {children}
      </div>
    </section>
  )
}
