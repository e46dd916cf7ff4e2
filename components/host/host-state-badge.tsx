import type { VisualState } from '#components/ui/state.ts'
import { StateBadge } from '#components/ui/state-badge.tsx'

type HostState = 'connecting' | 'connected' | 'unreachable'

const looks: Record<HostState, { look: VisualState; word: string }> = {
  connecting: { look: 'changing', word: 'Connecting' },
  connected: { look: 'running', word: 'Connected' },
  unreachable: { look: 'failed', word: 'Unreachable' },
}

export function HostStateBadge(props: { state: HostState; draining?: boolean; variant?: 'soft' | 'plain' }) {
  const { look, word } = looks[props.state]
  if (props.draining && props.state === 'connected') {
    return <StateBadge state="degraded" label="Draining" variant={props.variant ?? 'plain'} />
  }
  return <StateBadge state={look} label={word} variant={props.variant ?? 'plain'} />
}
