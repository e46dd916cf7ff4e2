import type { Outputs } from '#components/trpc/client.tsx'
import type { VisualState } from '#components/ui/state.ts'
import type { BootState, ProtectionState, Retention, RetentionRule } from '#server/schema/protection.ts'

export type ProtectionRow = Outputs['protection']['list']['rows'][number]
export type VmPolicy = ProtectionRow['policies'][number]

export const protectionLook: Record<ProtectionState, { look: VisualState; word: string; meaning: string }> = {
  failing: { look: 'failed', word: 'Failing', meaning: 'The last backup that was asked for failed.' },
  late: { look: 'degraded', word: 'Late', meaning: 'A time has passed, and the grace with it, without a backup.' },
  unprotected: { look: 'off', word: 'Not protected', meaning: 'No policy takes it.' },
  waiting: { look: 'unknown', word: 'Not yet', meaning: 'Its first backup is not due yet.' },
  protected: { look: 'running', word: 'Protected', meaning: 'It has the backups that its policies want.' },
}

export const bootStateLook: Record<BootState, { look: VisualState; word: string; meaning: string }> = {
  failed: { look: 'failed', word: 'Failed', meaning: 'The last boot test of its backups failed.' },
  untested: { look: 'off', word: 'Never tested', meaning: 'None of its backups was ever booted.' },
  proven: { look: 'running', word: 'Proven', meaning: 'Its backup booted when it was last tested.' },
}

export const ruleWord: Record<RetentionRule, string> = {
  last: 'last',
  hourly: 'hourly',
  daily: 'daily',
  weekly: 'weekly',
  monthly: 'monthly',
  yearly: 'yearly',
}

/** "last 2, 7 daily, 4 weekly". */
export function retentionText(retention: Retention): string {
  const { last, ...periods } = retention
  const parts = Object.entries(periods).flatMap(([rule, count]) => (count > 0 ? [`${count} ${rule}`] : []))
  return [`last ${last}`, ...parts].join(', ')
}

/** Why it is in its state, apart from times, which are shown live. */
export function protectionReason(row: Pick<ProtectionRow, 'state' | 'policies'>): string {
  const policy = row.policies[0]
  if (!policy) return 'No policy takes it'
  if (policy.isRunning) return 'It is being backed up'
  if (row.state === 'failing') return policy.failure ?? 'Its last backup failed'
  if (policy.failure) return `Asked for again soon: ${policy.failure}`
  if (row.state === 'late') return policy.goodAt ? 'No backup since its time' : 'It was never backed up'
  return ''
}
