import { z } from 'zod'
import { ScheduleTime } from './schedule.ts'
import { VmId } from './vm.ts'

export const SnapshotName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'A name begins with a letter or digit and goes on with letters, digits, . _ -',
  )
  // Inside a disk's file a number is also the way to name a snapshot by its place.
  .refine((name) => !/^\d+$/.test(name), 'A name needs a letter: numbers alone mean something else inside a disk.')

export const TakeSnapshotInput = z.object({
  name: SnapshotName,
  description: z.string().max(2_000).default(''),
  /** Of a running VM also its memory: reverting then leads to the very moment. The VM stands still meanwhile. */
  withMemory: z.boolean().default(true),
})
export type TakeSnapshotInput = z.infer<typeof TakeSnapshotInput>

/** What the worker is told; one that a schedule asks for knows it, and what to keep. */
export const TakeSnapshotPlan = TakeSnapshotInput.extend({
  schedule: z.object({ id: z.uuid(), keepCount: z.number().int().min(1) }).optional(),
})
export type TakeSnapshotPlan = z.infer<typeof TakeSnapshotPlan>

export const RevertSnapshotInput = z.object({
  name: z.string().min(1).max(200),
  /** A snapshot of the present state under this name first, so that reverting can be undone; null: none */
  keepAs: SnapshotName.nullable().default(null),
})
export type RevertSnapshotInput = z.infer<typeof RevertSnapshotInput>

export const DeleteSnapshotInput = z.object({
  name: z.string().min(1).max(200),
  /** And all that were taken after it on its branch */
  withChildren: z.boolean().default(false),
})
export type DeleteSnapshotInput = z.infer<typeof DeleteSnapshotInput>

export const ScheduleInput = ScheduleTime.extend({
  keepCount: z.number().int().min(1).max(100),
  withMemory: z.boolean().default(false),
  enabled: z.boolean().default(true),
})
export type ScheduleInput = z.infer<typeof ScheduleInput>
export const CreateScheduleInput = ScheduleInput.extend({ vmId: VmId })
export const ScheduleId = z.object({ id: z.uuid() })
export const EditScheduleInput = ScheduleInput.extend(ScheduleId.shape)

/** A snapshot and all that were taken after it on its branches, parents before their children. */
export function withThoseAfter<Each extends { name: string; parent: string | null }>(
  first: Each,
  all: readonly Each[],
): Each[] {
  const found = [first]
  for (const { name } of found) found.push(...all.filter((each) => each.parent === name && !found.includes(each)))
  return found
}
