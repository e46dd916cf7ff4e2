import { z } from 'zod'
import { ScheduleMoment, TimeZone } from './schedule.ts'
import { needsCredential, StoreCredential, StoreLocation } from './store.ts'
import { VmId } from './vm.ts'

/** As stores bill it. */
export const gbBytes = 1e9

const price = z.number().min(0).max(10_000)
const storeFields = {
  name: z.string().trim().min(1).max(60),
  location: StoreLocation,
  currency: z.string().regex(/^[A-Z]{3}$/, 'Give three letters, such as EUR.'),
  pricePerGbMonth: price,
  pricePerGbRead: price,
  firstByteSeconds: z.number().int().min(0).max(172_800),
  lockDays: z.number().int().min(1).max(36_500).nullable(),
}

export const TestArchiveStoreInput = z.object({
  location: StoreLocation,
  credential: StoreCredential.nullable().default(null),
  /** Without a credential: tests with the one that this store has */
  archiveStoreId: z.uuid().optional(),
})
export type TestArchiveStoreInput = z.infer<typeof TestArchiveStoreInput>

/** Of a store that is there: what is not given stays as it is. */
export const SaveArchiveStoreInput = z
  .object({
    ...storeFields,
    credential: StoreCredential.nullable().default(null),
    archiveStoreId: z.uuid().nullable().default(null),
  })
  .refine((store) => store.archiveStoreId !== null || store.credential !== null || !needsCredential(store.location), {
    message: 'Give the secret of the access key.',
    path: ['credential', 'secretAccessKey'],
  })
export type SaveArchiveStoreInput = z.infer<typeof SaveArchiveStoreInput>

/** As the operation keeps it: the credential sealed for the store's id, in base64. */
export const SaveArchiveStorePlan = z.object({
  ...storeFields,
  archiveStoreId: z.uuid(),
  isNew: z.boolean(),
  sealed: z.string().nullable(),
})
export type SaveArchiveStorePlan = z.infer<typeof SaveArchiveStorePlan>

export const ArchiveStoreId = z.object({ id: z.uuid() })

const keepDays = z.number().int().min(1).max(36_500)
/** What a tenant may do with an archive store. */
export const ArchiveLimits = z
  .object({
    /** Null is unlimited */
    maxBytes: z.number().int().min(1).nullable(),
    minKeepDays: keepDays,
    maxKeepDays: keepDays,
    mayDeleteLocal: z.boolean(),
  })
  .refine(({ minKeepDays, maxKeepDays }) => minKeepDays <= maxKeepDays, {
    message: 'The longest is shorter than the shortest.',
    path: ['maxKeepDays'],
  })
export type ArchiveLimits = z.infer<typeof ArchiveLimits>
/** Null takes the grant away. */
export const GrantArchiveInput = z.object({
  id: z.uuid(),
  tenantId: z.string().max(64),
  limits: ArchiveLimits.nullable(),
})

export const whichWords = ['every', 'day', 'week', 'month'] as const
export type Which = (typeof whichWords)[number]
export const beginnings = ['age', 'schedule', 'fullness'] as const
export type Beginning = (typeof beginnings)[number]
export const localCopies = ['keep', 'invalidate', 'delete'] as const
export type LocalCopy = (typeof localCopies)[number]
/** As S3 calls the modes of its object lock: whom the provider gave a right of its own may lift the first, nobody the other. */
export const lockModes = ['governance', 'compliance'] as const
export type LockMode = (typeof lockModes)[number]

const bytes = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER)
const rules = z.object({
  archiveStoreId: z.uuid('Choose an archive store'),
  allVms: z.boolean().default(false),
  tags: z.array(z.string().trim().min(1).max(40)).max(50).default([]),
  vmIds: z.array(VmId).max(500).default([]),
  datastoreId: z.uuid().nullable().default(null),
  which: z.enum(whichWords),
  begins: z.enum(beginnings),
  minAgeDays: z.number().int().min(0).max(3650),
  schedule: ScheduleMoment.nullable().default(null),
  timeZone: TimeZone,
  aboveBytes: bytes.nullable().default(null),
  downToBytes: bytes.nullable().default(null),
  keepDays,
  localCopy: z.enum(localCopies),
  lock: z.enum(lockModes).nullable().default(null),
})

type Rules = z.infer<typeof rules>
const problems: { isWrong: (policy: Rules) => boolean; message: string; path: string[] }[] = [
  {
    isWrong: ({ allVms, tags, vmIds }) => !allVms && tags.length + vmIds.length === 0,
    message: 'Say whose backups: all VMs, tags or names.',
    path: ['vmIds'],
  },
  {
    isWrong: ({ begins, schedule }) => begins === 'schedule' && schedule === null,
    message: 'Give a time.',
    path: ['schedule'],
  },
  {
    isWrong: ({ begins, aboveBytes }) => begins === 'fullness' && aboveBytes === null,
    message: 'Say how much may be stored before it begins.',
    path: ['aboveBytes'],
  },
  {
    isWrong: ({ begins, aboveBytes, downToBytes }) =>
      begins === 'fullness' && (downToBytes === null || (aboveBytes !== null && downToBytes >= aboveBytes)),
    message: 'It ends at less than it begins at.',
    path: ['downToBytes'],
  },
  {
    isWrong: ({ begins, localCopy }) => begins === 'fullness' && localCopy !== 'delete',
    message: 'Room is made only where the local copy is deleted.',
    path: ['localCopy'],
  },
]

interface Issues {
  addIssue(issue: { code: 'custom'; message: string; path: string[] }): void
}
/** Rules that can never be followed are no rules. */
const demandSound = (policy: Rules, issues: Issues) => {
  for (const { isWrong, message, path } of problems) {
    if (isWrong(policy)) issues.addIssue({ code: 'custom', message, path })
  }
}

export const ArchivalRules = rules.superRefine(demandSound)
export type ArchivalRules = Rules

const policyFields = rules.extend({
  name: z.string().trim().min(1, 'Give a name').max(60),
  enabled: z.boolean().default(true),
})
export const ArchivalPolicyInput = policyFields.superRefine(demandSound)
export type ArchivalPolicyInput = z.infer<typeof policyFields>
export const ArchivalPolicyId = z.object({ id: z.uuid() })
export const CreateArchivalPolicyInput = policyFields.extend({ tenantId: z.string().max(64) }).superRefine(demandSound)
export const EditArchivalPolicyInput = policyFields.extend(ArchivalPolicyId.shape).superRefine(demandSound)
/** Of rules that are being written, or those of a policy that is there. */
export const PreviewArchivalInput = rules.extend({ tenantId: z.string().max(64) }).superRefine(demandSound)

const dayMs = 86_400_000
/** The end of the day on which the keeping ends, so that all that is archived on one day is kept, and locked, alike. */
export const keptUntil = (since: Date, days: number) =>
  new Date((Math.floor(since.getTime() / dayMs) + days + 1) * dayMs)

/** Without a policy: removes what has expired. */
export const ArchivePlan = z.object({ policyId: z.uuid().nullable(), archiveStoreId: z.uuid() })
export type ArchivePlan = z.infer<typeof ArchivePlan>

/** One recovery point in one archive store. */
export const ArchivedPointRef = z.object({ recoveryPointId: z.uuid(), archiveStoreId: z.uuid() })
export type ArchivedPointRef = z.infer<typeof ArchivedPointRef>

export const BringBackInput = ArchivedPointRef.extend({ datastoreId: z.uuid() })
export type BringBackInput = z.infer<typeof BringBackInput>

/** What getting something back from an archive store takes, at the most. */
export interface Recall {
  readBytes: number
  cost: number
  currency: string
  seconds: number
}
