import { readMovingProtection } from '#server/core/moving-protection.ts'
import type { CheckpointFacts } from '#server/hypervisor/facts.ts'
import { checkpointOf } from './checkpoint-step.ts'
import type { StepContext } from './define.ts'
import { vmRow } from './vm-on-host.ts'

type Context = StepContext<unknown, object>

/** What of the VM's protection has moved with it, component by component. */
export interface MovedProtection {
  /** They take VMs wherever they are, so they go on as before */
  policies: string[]
  snapshotSchedules: number
  snapshots: number
  /** Checkpoints that the destination knows of now */
  marks: number
  /** Backups stay where they are; incremental: the marks for the next one moved along */
  datastores: { name: string; recoveryPoints: number; nextBackup: 'incremental' | 'full' }[]
}

/** @param marks and @param snapshots those that the destination was told of */
export async function movedProtection(
  context: Context,
  marks: readonly CheckpointFacts[],
  snapshots: number,
): Promise<MovedProtection> {
  const { datastores, ...protection } = await readMovingProtection(context.db, await vmRow(context))
  const known = new Set(marks.map(({ name }) => name))
  return {
    ...protection,
    snapshots,
    marks: marks.length,
    datastores: datastores.map(({ name, recoveryPoints, newestId }) => ({
      ...{ name, recoveryPoints },
      nextBackup: known.has(checkpointOf(newestId)) ? 'incremental' : 'full',
    })),
  }
}
