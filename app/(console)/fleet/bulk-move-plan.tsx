import { pageFailure, type Reading } from '#components/trpc/failure.ts'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { ScrollBox } from '#components/ui/scroll-box.tsx'
import { LoadingState } from '#components/ui/skeleton.tsx'
import { PlanLine } from '#components/vm/migrate/plan-line.tsx'
import { type PlannedMove, planSummary } from '#components/vm/migrate/plan-words.ts'

/** How each would move to the chosen host: how many in which way, and by name those that stand still or stay. */
export function BulkMovePlan({ plan }: { plan: Reading & { data: PlannedMove[] | undefined } }) {
  if (plan.error) return <ErrorMessage {...pageFailure('The plan could not be made', { ...plan, error: plan.error })} />
  if (!plan.data) return <LoadingState label="Looking how each would move…" />
  const told = plan.data.filter(({ way }) => way === 'saved' || way === null)
  return (
    <div className="flex flex-col gap-1.5">
      <p role="status" className="text-xs text-ink">
        {planSummary(plan.data)}
      </p>
      {told.length > 0 && (
        <ScrollBox label="Those that stand still or stay" className="max-h-48">
          <ul aria-label="Plan" className="divide-y divide-line rounded-md border border-line">
            {told.map((move) => (
              <PlanLine key={move.vmId} move={move} />
            ))}
          </ul>
        </ScrollBox>
      )}
    </div>
  )
}
