import type { Outputs } from '#components/trpc/client.tsx'
import { formatCounted } from '#components/ui/format.ts'

/** How one of many would move, or why it stays. */
export type PlannedMove = Outputs['vm']['bulkMigratePlan'][number]
type Way = NonNullable<PlannedMove['way']>

export const wayWord: Record<Way, string> = {
  live: 'moves live',
  saved: 'stands still and moves',
  off: 'is off and moves',
}

const counted: Record<Way | 'stays', readonly [one: string, many: string]> = {
  live: ['moves live', 'move live'],
  off: ['is off and moves with its disks', 'are off and move with their disks'],
  saved: ['stands still while it moves', 'stand still while they move'],
  stays: ['stays', 'stay'],
}

/** How many move in which way, and how many stay: "3 VMs move live, 1 VM stays". */
export function planSummary(moves: readonly Pick<PlannedMove, 'way'>[]): string {
  const parts = (['live', 'off', 'saved', 'stays'] as const).flatMap((end) => {
    const count = moves.filter(({ way }) => (way ?? 'stays') === end).length
    const [one, many] = counted[end]
    return count > 0 ? `${formatCounted(count, 'VM')} ${count === 1 ? one : many}` : []
  })
  return parts.join(', ')
}

/** Nobody agrees to what is not shown: not yet, no more, or being looked at again. */
export function reasonToWait(plan: { isFetching: boolean; isError: boolean }): string | undefined {
  if (plan.isFetching) return 'Still looking how that would go'
  return plan.isError ? 'How that would go could not be read' : undefined
}
