import { z } from 'zod'

/** How long a guest gets to shut down by itself, when nobody says. */
export const defaultShutdownMs = 120_000

export const PowerInput = z.object({
  action: z.enum(['start', 'shutdown', 'reboot', 'reset', 'suspend', 'resume', 'force-off']),
  /** For shutdown: how long to wait before saying that it did not */
  timeoutMs: z.number().int().min(1_000).max(3_600_000).default(defaultShutdownMs),
})
export type PowerInput = z.infer<typeof PowerInput>

export const MigrateInput = z.object({
  destinationHostId: z.uuid(),
  /** What to do when memory changes faster than it can be copied for `patienceMs` */
  onSlow: z.enum(['keep-trying', 'post-copy', 'give-up']).default('post-copy'),
  patienceMs: z.number().int().min(1_000).max(3_600_000).default(60_000),
  /** Null: as fast as the link goes */
  bandwidthBytesPerSecond: z.number().int().min(1_000_000).nullable().default(null),
})
export type MigrateInput = z.infer<typeof MigrateInput>
