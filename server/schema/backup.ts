import { z } from 'zod'
import { needsCredential, StoreCredential, StoreLocation } from './store.ts'
import { Notes, VmName } from './vm-action.ts'

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

const DiskTarget = z.string().min(1).max(32)

/** Disks of a recovery point. */
export const RecoveryDisks = z.array(z.object({ target: z.string(), sizeBytes: z.number() }))
export type RecoveryDisks = z.infer<typeof RecoveryDisks>

/** What a VM was when its recovery point was taken, as far as it is no secret. */
export const VmShape = z.object({
  vcpuCount: z.number(),
  memoryBytes: z.number(),
  architecture: z.string(),
  machineType: z.string().nullable(),
  cpuMode: z.string().nullable(),
  accelerator: z.enum(['kvm', 'emulation', 'unknown']),
  /** In the order of its cards; null where it was plugged into the host itself, or into nothing */
  cards: z.array(z.object({ mac: z.string(), network: z.string().nullable() })),
})
export type VmShape = z.infer<typeof VmShape>

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
  /** Targets (vda …); all that the recovery point has when absent */
  disks: z.array(DiskTarget).min(1).max(64).optional(),
})
export type RestoreVmInput = z.infer<typeof RestoreVmInput>
/** With the datastore that has the recovery point, and takes the present one */
export const RestoreVmPlan = RestoreVmInput.extend({ datastoreId: z.uuid() })
export type RestoreVmPlan = z.infer<typeof RestoreVmPlan>

export const RestoreNewVmInput = z.object({
  recoveryPointId: z.uuid(),
  /** Straight from this archive store; null: from its datastore */
  archiveStoreId: z.uuid().nullable().default(null),
  name: VmName,
  notes: Notes.default(''),
  /** Any host of a site, or this one */
  place: z.union([z.object({ siteId: z.uuid() }), z.object({ hostId: z.uuid() })]),
  /** Targets (vda …); all that the recovery point has when absent */
  disks: z.array(DiskTarget).min(1).max(64).optional(),
  /** Plugs its cards into networks of the same names, where there are such; else into nothing */
  keepNetworks: z.boolean().default(true),
  start: z.boolean().default(false),
})
export type RestoreNewVmInput = z.infer<typeof RestoreNewVmInput>

/** Everything the worker needs, decided when it was asked. */
export const RestoreNewVmPlan = RestoreNewVmInput.extend({
  uuid: z.uuid(),
  /** Null where it is read from an archive store */
  datastoreId: z.uuid().nullable(),
  hostId: z.uuid(),
  pool: z.string(),
  disks: z.array(DiskTarget).min(1),
  /** Networks of its cards, in their order; null: plugged into nothing */
  networks: z.array(z.string().nullable()),
})
export type RestoreNewVmPlan = z.infer<typeof RestoreNewVmPlan>

/** A clone shares the recovery point's blocks, so all its disks come. */
export const CloneRecoveryPointInput = RestoreNewVmInput.omit({ disks: true }).extend({
  /** Until it is started it stands on the newest recovery point that there is of the same VM */
  follow: z.boolean().default(false),
})
export type CloneRecoveryPointInput = z.infer<typeof CloneRecoveryPointInput>
export const CloneRecoveryPointPlan = RestoreNewVmPlan.extend({ follow: z.boolean().default(false) })
export type CloneRecoveryPointPlan = z.infer<typeof CloneRecoveryPointPlan>

/** The newer recovery point, and the one that it stood on when that was asked. */
export const FollowSourcePlan = z.object({
  ...{ recoveryPointId: z.uuid(), fromRecoveryPointId: z.uuid(), datastoreId: z.uuid() },
})
export type FollowSourcePlan = z.infer<typeof FollowSourcePlan>

/** The VM says by itself what it shares. */
export const KeepCloneInput = z.object({})
export type KeepCloneInput = z.infer<typeof KeepCloneInput>

export const RestoreMeasureInput = z.object({ recoveryPointId: z.uuid() })
export type RestoreMeasureInput = z.infer<typeof RestoreMeasureInput>
export const RestoreMeasurePlan = RestoreMeasureInput.extend({ datastoreId: z.uuid() })
export type RestoreMeasurePlan = z.infer<typeof RestoreMeasurePlan>

/** How fast disks of a host are copied; assumed where nothing was copied there yet. */
export const CopyRate = z.object({ bytesPerSecond: z.number(), isAssumed: z.boolean() })
export type CopyRate = z.infer<typeof CopyRate>

/** What a restore in place would change, as its operation keeps it. */
export const RestoreMeasure = z.object({
  disks: z.array(
    z.object({
      target: z.string(),
      sizeBytes: z.number(),
      /** As large as it is now; null when it is gone */
      nowBytes: z.number().nullable(),
      /** Between the newest recovery point and the chosen one */
      changedBytes: z.number(),
      /** Since the newest recovery point, which may be the same blocks; null where the host does not tell */
      sinceBytes: z.number().nullable(),
      /** Why it can’t be restored in place, in words that follow its name */
      obstacle: z.string().nullable(),
    }),
  ),
  /** Disks that the VM got later, which stay as they are */
  newDisks: z.array(z.string()),
  /** When the newest recovery point was taken */
  comparedWith: z.string(),
  read: CopyRate,
  write: CopyRate,
})
export type RestoreMeasure = z.infer<typeof RestoreMeasure>
