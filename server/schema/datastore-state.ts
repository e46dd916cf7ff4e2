import { z } from 'zod'

export const datastoreStates = ['unknown', 'healthy', 'read_only', 'unreachable'] as const
export type DatastoreState = (typeof datastoreStates)[number]

/** A round of verifying: all of a datastore is read once, a part at a time or in one go. */
export const VerifyRound = z.object({
  id: z.uuid(),
  startedAt: z.string(),
  /** Where it goes on: behind this pack of this tenant; before all of them */
  tenantId: z.string().nullable(),
  afterPack: z.string().nullable(),
  checkedPacks: z.number(),
  checkedChunks: z.number(),
  checkedBytes: z.number(),
})
export type VerifyRound = z.infer<typeof VerifyRound>

/** What a whole round came to. */
export const VerifyResult = VerifyRound.pick({
  id: true,
  startedAt: true,
  checkedPacks: true,
  checkedChunks: true,
  checkedBytes: true,
}).extend({ endedAt: z.string() })
export type VerifyResult = z.infer<typeof VerifyResult>

export const CompactResult = z.object({
  endedAt: z.string(),
  freedBytes: z.number(),
  deletedPacks: z.number(),
  removedRecoveryPoints: z.number(),
  /** What waits for backups and restores under way */
  waiting: z.number(),
})
export type CompactResult = z.infer<typeof CompactResult>

/** Of a datastore or an archive store. */
export const VerifyPlan = z.object({
  /** All of it, from the beginning; else the part of this day */
  whole: z.boolean(),
})
export type VerifyPlan = z.infer<typeof VerifyPlan>

export const VerifyDays = z.number().int().min(1).max(365)

/** Where a recovery point misses something. */
export const HurtPoints = z.array(
  z.object({
    recoveryPointId: z.string(),
    disk: z.string(),
    chunkCount: z.number(),
    chunkIndexes: z.array(z.number()),
  }),
)
export type HurtPoints = z.infer<typeof HurtPoints>

/** So little room that backups will soon fail. */
export const isNearlyFull = ({ freeBytes, totalBytes }: { freeBytes: number | null; totalBytes: number | null }) =>
  freeBytes !== null && totalBytes !== null && totalBytes > 0 && freeBytes / totalBytes < 0.1
