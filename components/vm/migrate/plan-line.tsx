import type { ReactNode } from 'react'
import { Link } from '#components/ui/link.tsx'
import { StateIcon } from '#components/ui/state-icon.tsx'
import { aboutTime } from './migrate-words.ts'
import { type PlannedMove, wayWord } from './plan-words.ts'

export interface PlanLineProps {
  move: PlannedMove
  /** Where to, where that is not the same for all */
  to?: ReactNode
  /** Said beside the time it takes */
  note?: string
}

/** How one of many would move, or all that keeps it where it is. */
export function PlanLine({ move: { vmId, name, way, totalMs, reasons }, to, note }: PlanLineProps) {
  const figures = [note, totalMs !== null && aboutTime(totalMs)].filter(Boolean).join(' · ')
  return (
    <li className="flex flex-col gap-0.5 px-3 py-2 text-sm">
      <span className="flex flex-wrap items-center gap-x-2">
        <StateIcon state={way ? 'migrating' : 'failed'} label={way ? 'Moves' : 'Stays'} className="translate-y-px" />
        <Link href={`/vms/${vmId}`} tone="plain" className="min-w-0 truncate font-medium">
          {name}
        </Link>
        {way ? (
          <span className="text-ink-muted">
            {wayWord[way]} {to}
          </span>
        ) : (
          <span className="text-failed">stays</span>
        )}
        {way && <span className="ml-auto text-xs text-ink-faint">{figures}</span>}
      </span>
      {way === 'saved' && (
        <span className="pl-5 text-xs text-ink-muted">
          Its snapshots lie in its disk’s files: it stands still for all of that time at most, then goes on where it
          was.
        </span>
      )}
      {reasons.length > 0 && (
        <ul className="pl-5 text-xs text-ink-muted">
          {reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
    </li>
  )
}
