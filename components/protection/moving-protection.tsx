import type { ReactNode } from 'react'
import { formatCounted } from '#components/ui/format.ts'

export interface ProtectionOnTheMove {
  policies: readonly string[]
  snapshotSchedules: number
  snapshots: number
  /** What the next backup reads is known once the VM has moved */
  datastores: readonly { name: string; recoveryPoints: number; nextBackup?: 'incremental' | 'full' | undefined }[]
}

interface MovingProtectionProps {
  title: ReactNode
  protection: ProtectionOnTheMove
  hasMoved?: boolean
}

/** What of a VM's protection goes along with it to another host, and what does not. */
export function MovingProtection({ title, protection, hasMoved = false }: MovingProtectionProps) {
  const { policies, snapshotSchedules, snapshots, datastores } = protection
  const lines = [
    ...(policies.length > 0
      ? [[policies.join(', '), policies.length === 1 ? 'the policy goes on there' : 'the policies go on there']]
      : []),
    ...(snapshotSchedules > 0 ? [[formatCounted(snapshotSchedules, 'snapshot schedule'), 'on there too']] : []),
    ...(snapshots > 0
      ? [
          [
            formatCounted(snapshots, 'snapshot'),
            hasMoved ? 'in its disks, they moved along' : 'in its disks, they move along',
          ],
        ]
      : []),
    ...datastores.map(({ name, recoveryPoints, nextBackup }) => [
      `${name}: ${formatCounted(recoveryPoints, 'recovery point')}`,
      `${recoveryPoints === 1 ? 'stays' : 'stay'} there, restored from anywhere; ${nextText(nextBackup)}`,
    ]),
  ]
  return (
    <div className="text-xs">
      <p className="font-medium text-ink">{title}</p>
      {lines.length === 0 ? (
        <p className="text-ink-muted">It has no policy, no snapshot and no backup.</p>
      ) : (
        <ul className="mt-1 flex flex-col gap-1">
          {lines.map(([what, how]) => (
            <li key={what} className="text-ink">
              {what} <span className="text-ink-muted">– {how}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function nextText(nextBackup: 'incremental' | 'full' | undefined): string {
  if (nextBackup === 'incremental') return 'the next backup reads only what has changed'
  if (nextBackup === 'full') return 'the next backup reads everything once'
  return 'the marks of what has changed move along, where its host has them'
}
