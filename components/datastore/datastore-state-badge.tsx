import type { VisualState } from '#components/ui/state.ts'
import { StateBadge } from '#components/ui/state-badge.tsx'
import type { DatastoreState } from '#server/schema/datastore-state.ts'

const looks: Record<DatastoreState, { look: VisualState; word: string }> = {
  unknown: { look: 'unknown', word: 'Not looked at yet' },
  healthy: { look: 'running', word: 'Healthy' },
  read_only: { look: 'degraded', word: 'Can’t be written to' },
  unreachable: { look: 'failed', word: 'Unreachable' },
}

export interface DatastoreStateBadgeProps {
  state: DatastoreState
  isNearlyFull: boolean
  /** Things known to be broken in it */
  damaged: number
  variant?: 'soft' | 'plain'
}

/** The worst that is known of it. */
export function DatastoreStateBadge({ state, isNearlyFull, damaged, variant = 'plain' }: DatastoreStateBadgeProps) {
  const { look, word } =
    state === 'healthy' && damaged > 0
      ? { look: 'failed' as const, word: 'Damaged' }
      : state === 'healthy' && isNearlyFull
        ? { look: 'degraded' as const, word: 'Nearly full' }
        : looks[state]
  return <StateBadge state={look} label={word} variant={variant} />
}
