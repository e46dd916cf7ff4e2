'use client'

import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { formatCount } from './format.ts'
import { IconButton } from './icon-button.tsx'

export interface BulkBarProps {
  count: number
  /** How many match the filter, when more than are loaded. */
  totalCount?: number
  /** Offers to take all that match. */
  onSelectAll?: () => void
  onClear: () => void
  /** The commands. */
  children: ReactNode
}

/** What can be done with the selected rows; floats over the foot of the table. */
export function BulkBar({ count, totalCount, onSelectAll, onClear, children }: BulkBarProps) {
  return (
    <section
      aria-label="Selected rows"
      className="flex max-w-full animate-appear flex-wrap items-center gap-x-2 gap-y-1 rounded-lg bg-raised py-1.5 pr-2 pl-1.5 shadow-float"
    >
      <IconButton label="Clear the selection" icon={<X size={14} aria-hidden="true" />} onPress={onClear} />
      <output className="text-sm font-medium text-ink">{formatCount(count)} selected</output>
      {onSelectAll && totalCount !== undefined && totalCount > count && (
        <button type="button" onClick={onSelectAll} className="rounded-sm text-xs text-accent underline">
          Select all {formatCount(totalCount)}
        </button>
      )}
      <span className="mx-1 h-4 w-px bg-line" />
      {children}
    </section>
  )
}
