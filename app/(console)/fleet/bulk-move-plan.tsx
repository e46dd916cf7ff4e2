import type { Outputs } from '#components/trpc/client.tsx'
import { pageFailure, type Reading } from '#components/trpc/failure.ts'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatCounted, formatDuration } from '#components/ui/format.ts'
import { LoadingState } from '#components/ui/skeleton.tsx'
import { StateIcon } from '#components/ui/state-icon.tsx'

type PlannedMove = Outputs['vm']['bulkMigratePlan'][number]

const wayWord = { live: 'moves live', saved: 'stands still while it moves', off: 'is off and moves with its disks' }

/** How each would move to the chosen host: how many without anybody noticing, and by name those that stand still or stay. */
export function BulkMovePlan({ plan }: { plan: Reading & { data: PlannedMove[] | undefined } }) {
  if (plan.error) return <ErrorMessage {...pageFailure('The plan could not be made', { ...plan, error: plan.error })} />
  if (!plan.data) return <LoadingState label="Looking how each would move…" />
  const quiet = plan.data.filter(({ way }) => way === 'live' || way === 'off').length
  const told = plan.data.filter(({ way }) => way === 'saved' || way === null)
  return (
    <div className="flex flex-col gap-1.5 text-xs">
      <p className="text-ink">
        {formatCounted(quiet, 'VM')} {quiet === 1 ? 'moves' : 'move'} live or {quiet === 1 ? 'is' : 'are'} off
        {told.length > 0 && '; of the others:'}
      </p>
      {told.length > 0 && (
        <ul aria-label="Plan" className="max-h-48 overflow-y-auto rounded-md border border-line">
          {told.map((move) => (
            <PlanLine key={move.vmId} move={move} />
          ))}
        </ul>
      )}
    </div>
  )
}

function PlanLine({ move: { name, way, totalMs, reasons } }: { move: PlannedMove }) {
  return (
    <li className="flex gap-2 border-b border-line px-2.5 py-1.5 last:border-b-0">
      <StateIcon state={way ? 'migrating' : 'failed'} label={way ? 'Moves' : 'Stays'} sizePx={12} className="mt-0.5" />
      <span className="max-w-1/2 shrink-0 truncate font-medium text-ink">{name}</span>
      <span className="min-w-0 text-ink-muted">
        {way
          ? `${wayWord[way]}, about ${formatDuration(Math.max(1, (totalMs ?? 0) / 1000))}: its snapshots lie inside its disk`
          : `stays: ${reasons.join(' ')}`}
      </span>
    </li>
  )
}
