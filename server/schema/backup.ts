import { z } from 'zod'

export const DatastoreName = z.string().trim().min(1).max(60)

/** Where a datastore's objects lie. The folder is one of the workers' machines; all of them must see it. */
export const DatastoreLocation = z.object({
  kind: z.literal('folder'),
  path: z
    .string()
    .max(1000)
    .regex(/^\/[^\0]*[^/\0]$/, 'Give the whole path of a folder, such as /srv/backup.'),
})
export type DatastoreLocation = z.infer<typeof DatastoreLocation>

export const AddDatastoreInput = z.object({ name: DatastoreName, location: DatastoreLocation })
export type AddDatastoreInput = z.infer<typeof AddDatastoreInput>
export const AddDatastorePlan = AddDatastoreInput.extend({ datastoreId: z.uuid() })
export type AddDatastorePlan = z.infer<typeof AddDatastorePlan>

export const BackUpInput = z.object({
  datastoreId: z.uuid(),
  /** Reads every block, whatever is known of what has changed */
  full: z.boolean().default(false),
})
export type BackUpInput = z.infer<typeof BackUpInput>
/** With the protection policy that asks for it, whose recovery point it becomes */
export const BackUpPlan = BackUpInput.extend({ policyId: z.uuid().optional() })
export type BackUpPlan = z.infer<typeof BackUpPlan>

/** So many VMs of a host are backed up at once. */
export const backupsPerHost = 2

/** How a recovery point came to be: by hand, by a protection policy, or kept of what a VM was before a restore */
export const origins = ['person', 'policy', 'restore'] as const
export type Origin = (typeof origins)[number]

export const RecoveryPointId = z.object({ id: z.uuid() })

/** All of one tenant and in one datastore */
export const RemoveRecoveryPointsInput = z.object({ ids: z.array(z.uuid()).min(1).max(500) })
export type RemoveRecoveryPointsInput = z.infer<typeof RemoveRecoveryPointsInput>
export const RemoveRecoveryPointsPlan = RemoveRecoveryPointsInput.extend({ datastoreId: z.uuid() })
export type RemoveRecoveryPointsPlan = z.infer<typeof RemoveRecoveryPointsPlan>

/** Disks of a recovery point. */
export const RecoveryDisks = z.array(z.object({ target: z.string(), sizeBytes: z.number() }))
export type RecoveryDisks = z.infer<typeof RecoveryDisks>

/** application: file systems frozen by the guest agent; crash: as after a power cut; off: the VM was off */
export const consistencies = ['application', 'crash', 'off'] as const
export type Consistency = (typeof consistencies)[number]

export const RestoreVmInput = z.object({
  recoveryPointId: z.uuid(),
  /** How long the guest gets to shut down */
  shutdownMs: z.number().int().min(1_000).max(3_600_000).default(120_000),
})
export type RestoreVmInput = z.infer<typeof RestoreVmInput>
/** With the datastore that has the recovery point, and takes the present one */
export const RestoreVmPlan = RestoreVmInput.extend({ datastoreId: z.uuid() })
export type RestoreVmPlan = z.infer<typeof RestoreVmPlan>
