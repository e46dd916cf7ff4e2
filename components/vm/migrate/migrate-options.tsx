'use client'

import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { formatBitsPerSecond, formatDuration } from '#components/ui/format.ts'
import { NumberField } from '#components/ui/number-field.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import type { MigrateInput } from '#server/schema/vm-action.ts'

export type MoveOptions = Pick<MigrateInput, 'onSlow' | 'patienceMs' | 'bandwidthBytesPerSecond'>

export const usualOptions: MoveOptions = { onSlow: 'post-copy', patienceMs: 60_000, bandwidthBytesPerSecond: null }

const megabitBytes = 125_000

const onSlowCards = [
  {
    id: 'post-copy',
    title: 'Switch to post-copy',
    description:
      'It goes on at the new host at once and fetches the rest from the old one. Always ends; should the link break just then, the VM stops.',
  },
  {
    id: 'keep-trying',
    title: 'Keep trying',
    description: 'Its CPUs are slowed down more and more until it fits. May take long; cancel whenever you like.',
  },
  { id: 'give-up', title: 'Give up', description: 'It stays where it is, untouched.' },
] as const

const onSlowWord = { 'post-copy': 'post-copy', 'keep-trying': 'keep trying', 'give-up': 'give up' }

export interface MigrateOptionsProps {
  value: MoveOptions
  onChange: (value: MoveOptions) => void
  isLiveMove: boolean
}

/** What a person may decide beside the host. Folded away, with what is chosen in one line. */
export function MigrateOptions({ value, onChange, isLiveMove }: MigrateOptionsProps) {
  const [isOpen, setOpen] = useState(false)
  const limit = value.bandwidthBytesPerSecond
  const summary = [
    isLiveMove &&
      (value.onSlow === 'keep-trying'
        ? 'keep trying'
        : `${onSlowWord[value.onSlow]} after ${formatDuration(value.patienceMs / 1000)}`),
    limit === null ? 'no limit' : `at most ${formatBitsPerSecond(limit * 8)}`,
  ]
  return (
    <section aria-label="Options" className="border-t border-line pt-3">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        className="flex w-full items-center gap-1.5 rounded-sm text-left text-xs"
      >
        <ChevronRight size={13} aria-hidden="true" className={isOpen ? 'rotate-90' : undefined} />
        <span className="font-medium text-ink">Options</span>
        <span className="min-w-0 truncate text-ink-faint">{summary.filter(Boolean).join(' · ')}</span>
      </button>
      {isOpen && (
        <div className="mt-3 flex flex-col gap-3">
          {isLiveMove && (
            <>
              <RadioCards
                label="When memory changes faster than it can be copied"
                value={value.onSlow}
                onChange={(onSlow) => onChange({ ...value, onSlow: onSlow as MoveOptions['onSlow'] })}
                cards={onSlowCards}
              />
              <NumberField
                label="After so long"
                unit="s"
                min={1}
                max={3600}
                step={15}
                value={value.patienceMs / 1000}
                onChange={(seconds) => onChange({ ...value, patienceMs: Math.max(1, seconds || 60) * 1000 })}
                isDisabled={value.onSlow === 'keep-trying'}
              />
            </>
          )}
          <NumberField
            label="Bandwidth at most"
            unit="Mbit/s"
            min={8}
            max={400_000}
            step={10}
            value={limit === null ? Number.NaN : limit / megabitBytes}
            onChange={(megabits) =>
              onChange({
                ...value,
                bandwidthBytesPerSecond: Number.isNaN(megabits) ? null : Math.round(megabits * megabitBytes),
              })
            }
            description="Empty: as fast as the link goes. The times above are without a limit."
          />
        </div>
      )}
    </section>
  )
}
