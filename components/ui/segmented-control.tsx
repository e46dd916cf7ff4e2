'use client'

import type { ReactNode } from 'react'
import { ToggleButton, ToggleButtonGroup } from 'react-aria-components'
import { cx } from './class-name.ts'

export interface SegmentedControlProps<Id extends string> {
  label: string
  segments: readonly { id: Id; label: string; icon?: ReactNode }[]
  value: Id
  onChange: (id: Id) => void
  className?: string
}

/** One of a few views of the same thing: tree or table, the last hour or day. */
export function SegmentedControl<Id extends string>(props: SegmentedControlProps<Id>) {
  return (
    <ToggleButtonGroup
      aria-label={props.label}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[props.value]}
      onSelectionChange={(keys) => {
        const chosen = props.segments.find((segment) => keys.has(segment.id))
        if (chosen) props.onChange(chosen.id)
      }}
      className={cx(
        'inline-flex h-8 shrink-0 items-center gap-0.5 rounded-md bg-sunken p-0.5 ring-1 ring-line ring-inset',
        props.className,
      )}
    >
      {props.segments.map((segment) => (
        <ToggleButton
          key={segment.id}
          id={segment.id}
          className="flex h-full items-center gap-1.5 rounded-sm px-2 text-xs text-ink-muted outline-none data-focus-visible:focus-ring data-hovered:text-ink data-selected:bg-control data-selected:font-medium data-selected:text-ink data-selected:ring-1 data-selected:ring-line-strong"
        >
          {segment.icon}
          {segment.label}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  )
}
