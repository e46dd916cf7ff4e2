'use client'

import type { ReactNode } from 'react'
import { useResize } from './use-resize.ts'

export interface SplitPaneProps {
  /** Names the pane at the left. */
  label: string
  left: ReactNode
  children: ReactNode
  storageKey: string
  defaultWidthPx?: number
  minWidthPx?: number
  maxWidthPx?: number
  /** Hidden by choice; below 900 px it always is (show it in a SidePanel there). */
  isLeftHidden?: boolean
}

/** A pane at the left whose width is dragged or stepped, and the rest of the page. */
export function SplitPane(props: SplitPaneProps) {
  const { sizePx, separatorProps } = useResize({
    label: `Width of ${props.label}`,
    storageKey: props.storageKey,
    defaultPx: props.defaultWidthPx ?? 264,
    minPx: props.minWidthPx ?? 180,
    maxPx: props.maxWidthPx ?? 480,
    axis: 'x',
    growsForward: true,
  })
  return (
    <div className="flex min-h-0 min-w-0 flex-1">
      {!props.isLeftHidden && (
        <aside
          aria-label={props.label}
          className="relative flex min-h-0 shrink-0 flex-col overflow-hidden border-r border-line bg-canvas max-[900px]:hidden"
          style={{ width: sizePx }}
        >
          {props.left}
          <div
            {...separatorProps}
            className="absolute inset-y-0 right-0 z-5 w-2 cursor-col-resize touch-none after:absolute after:inset-y-0 after:right-0 after:w-0.5 hover:after:bg-accent/50 focus-visible:outline-none focus-visible:after:bg-focus"
          />
        </aside>
      )}
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">{props.children}</div>
    </div>
  )
}
