import { StateBadge } from '#components/ui/state-badge.tsx'
import type { RowOperation, VmState } from '#server/schema/vm.ts'
import { vmLook } from './vm-state.ts'

export interface VmStateBadgeProps {
  state: VmState
  stateReason: string | null
  operation: Pick<RowOperation, 'kind' | 'state' | 'progress'> | null
  variant?: 'soft' | 'plain'
}

/** A VM's state; while an operation is at work on it, that one's word and progress. */
export function VmStateBadge({ state, stateReason, operation, variant = 'plain' }: VmStateBadgeProps) {
  const { look, word, detail } = vmLook(state, operation, stateReason)
  return <StateBadge state={look} label={word} detail={detail} variant={variant} />
}
