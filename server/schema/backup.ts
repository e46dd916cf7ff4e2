import { z } from 'zod'
import { needsCredential, StoreCredential, StoreLocation } from './store.ts'

export const DatastoreName = z.string().trim().min(1).max(60)

const isOpenable = ({ location, credential }: { location?: StoreLocation | undefined; credential?: unknown }) =>
  location === undefined || !needsCredential(location) || credential !== null
const secretMissing = { message: 'Give the secret of the access key.', path: ['credential', 'secretAccessKey'] }

export const TestDatastoreInput = z
  .object({
    location: StoreLocation,
    credential: StoreCredential.nullable().default(null),
    /** Without a credential: tests with the one that this datastore has */
    datastoreId: z.uuid().optional(),
  })
  .refine((input) => input.datastoreId !== undefined || isOpenable(input), secretMissing)
export type TestDatastoreInput = z.infer<typeof TestDatastoreInput>

const datastoreFields = {
  name: DatastoreName,
  location: StoreLocation,
}
export const AddDatastoreInput = z
  .object({ ...datastoreFields, credential: StoreCredential.nullable().default(null) })
  .refine(isOpenable, secretMissing)
export type AddDatastoreInput = z.infer<typeof AddDatastoreInput>

/** As the operation keeps it: the credential sealed for the datastore's id, in base64. */
export const AddDatastorePlan = z.object({ ...datastoreFields, datastoreId: z.uuid(), sealed: z.string().nullable() })
export type AddDatastorePlan = z.infer<typeof AddDatastorePlan>

/** Only what shall change is given. */
export const EditDatastoreFields = z.object({ ...datastoreFields, credential: StoreCredential }).partial()
export type EditDatastoreInput = z.infer<typeof EditDatastoreFields>

/** As the datastore shall be; its credential stays, or becomes what is sealed. */
export const EditDatastorePlan = z.object({
  ...datastoreFields,
  /** Neither where it lies nor what opens it is changed */
  isRename: z.boolean(),
  keepsAccess: z.boolean(),
  sealed: z.string().nullable(),
})
export type EditDatastorePlan = z.infer<typeof EditDatastorePlan>

export const RemoveDatastoreInput = z.object({
  /** What is left of it in its store stays there: for a store that is gone */
  leaveFiles: z.boolean().default(false),
})
export type RemoveDatastoreInput = z.infer<typeof RemoveDatastoreInput>
/** With all that puts its row back. */
export const RemoveDatastorePlan = RemoveDatastoreInput.extend({ ...datastoreFields, sealed: z.string().nullable() })
export type RemoveDatastorePlan = z.infer<typeof RemoveDatastorePlan>

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

/** An application that was found in the guest, and how readying it for the backup went. */
export const Application = z.object({
  id: z.string(),
  /** Which of several in one guest */
  instance: z.string(),
  name: z.string(),
  version: z.string().nullable(),
  /** Why it was not ready, in words; null: it was */
  problem: z.string().nullable(),
})
export type Application = z.infer<typeof Application>

export const RestoreVmInput = z.object({
  recoveryPointId: z.uuid(),
  /** Straight from this archive store; null: from its datastore */
  archiveStoreId: z.uuid().nullable().default(null),
  /** How long the guest gets to shut down */
  shutdownMs: z.number().int().min(1_000).max(3_600_000).default(120_000),
})
export type RestoreVmInput = z.infer<typeof RestoreVmInput>
/** With the datastore that has the recovery point, and takes the present one */
export const RestoreVmPlan = RestoreVmInput.extend({ datastoreId: z.uuid() })
export type RestoreVmPlan = z.infer<typeof RestoreVmPlan>
