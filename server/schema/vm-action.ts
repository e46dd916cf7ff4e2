import { z } from 'zod'
import { Tag } from './vm.ts'

/** How long a guest gets to shut down by itself, when nobody says. */
export const defaultShutdownMs = 120_000

export const powerActions = ['start', 'shutdown', 'reboot', 'reset', 'suspend', 'resume', 'force-off'] as const
export const PowerInput = z.object({
  action: z.enum(powerActions),
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
  /** A running VM whose snapshots lie inside disks that are copied moves only so, with its memory saved */
  mayStandStill: z.boolean().default(false),
})
export type MigrateInput = z.infer<typeof MigrateInput>

const mib = 2 ** 20
export const VmName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'A name begins with a letter or digit and goes on with letters, digits, . _ -',
  )
export const Vcpus = z.number().int().min(1).max(256)
export const MemoryBytes = z
  .number()
  .int()
  .min(16 * mib)
  .max(2 ** 44)
  .multipleOf(1024)
export const DiskBytes = z
  .number()
  .int()
  .min(mib)
  .max(2 ** 47)
  .multipleOf(512)
export const Notes = z.string().max(20_000)

/** What a person asks for. Sizes in bytes. */
export const CreateVmInput = z.object({
  name: VmName,
  notes: Notes.default(''),
  tags: z.array(Tag).max(50).default([]),
  tenantId: z.string().nullable(),
  siteId: z.uuid(),
  /** Null: the site's host with the most free memory */
  hostId: z.uuid().nullable().default(null),
  /** Null: blank disks */
  templateId: z.uuid().nullable(),
  vcpuCount: Vcpus,
  memoryBytes: MemoryBytes,
  /** The first one carries the template */
  disks: z
    .array(z.object({ sizeBytes: DiskBytes }))
    .min(1)
    .max(16),
  networks: z.array(z.string().min(1).max(200)).max(8),
  /** cloud-init user data; only with a template that takes it */
  userData: z.string().max(65_536).nullable().default(null),
  start: z.boolean().default(true),
})
export type CreateVmInput = z.infer<typeof CreateVmInput>

/** Everything the worker needs, decided when it was asked. */
export const CreateVmPlan = CreateVmInput.extend({
  uuid: z.uuid(),
  hostId: z.uuid(),
  /** The host that was asked for; null: any of the site */
  askedHostId: z.uuid().nullable(),
  template: z.object({ pool: z.string(), volume: z.string() }).nullable(),
  pool: z.string(),
})
export type CreateVmPlan = z.infer<typeof CreateVmPlan>

export const CloneVmInput = z.object({ name: VmName, notes: Notes.default('') })
export type CloneVmInput = z.infer<typeof CloneVmInput>
export const CloneVmPlan = CloneVmInput.extend({
  uuid: z.uuid(),
  sourceVmId: z.uuid(),
  /** Id of the row that holds the twin's place */
  twinId: z.uuid(),
  hostId: z.uuid(),
})
export type CloneVmPlan = z.infer<typeof CloneVmPlan>

/** Only what shall change is given. */
export const EditVmFields = z
  .object({
    name: VmName,
    notes: Notes,
    vcpuCount: Vcpus,
    memoryBytes: MemoryBytes,
    autostart: z.boolean(),
    addDisks: z.array(z.object({ sizeBytes: DiskBytes })).max(8),
    resizeDisks: z.array(z.object({ target: z.string().max(16), sizeBytes: DiskBytes })).max(16),
    /** Their volumes are deleted */
    removeDisks: z.array(z.string().max(16)).max(16),
    addInterfaces: z.array(z.object({ network: z.string().min(1).max(200) })).max(8),
    changeInterfaces: z.array(z.object({ mac: z.string().max(17), network: z.string().min(1).max(200) })).max(8),
    removeInterfaces: z.array(z.string().max(17)).max(8),
  })
  .partial()
export const EditVmInput = EditVmFields.refine(
  (edit) => Object.values(edit).some((value) => value !== undefined),
  'Nothing to change.',
)
export type EditVmInput = z.infer<typeof EditVmInput>

/** What became of one change. `live` false: takes effect when the VM is started next. */
export interface EditOutcome {
  what: string
  live: boolean
}

export const EditXmlInput = z.object({
  xml: z.string().min(20).max(1_000_000),
  /** The version of the definition that was read and edited; refused when the host has another one by then */
  basedOn: z.string().max(100).optional(),
})
export type EditXmlInput = z.infer<typeof EditXmlInput>

export const DeleteVmInput = z.object({ keepDisks: z.boolean().default(false) })
export type DeleteVmInput = z.infer<typeof DeleteVmInput>

export const MeasureInput = z.object({ measureMs: z.number().int().min(1_000).max(60_000).default(2_000) })
export type MeasureInput = z.infer<typeof MeasureInput>

/** One action on many VMs; each gets its own operation and its own result. */
export const BulkAction = z.discriminatedUnion('kind', [
  PowerInput.extend({ kind: z.literal('power') }),
  MigrateInput.extend({ kind: z.literal('migrate') }),
])
export type BulkAction = z.infer<typeof BulkAction>

/** Those that were refused at once, with the reason. */
export const BulkPlan = z.object({
  refused: z.array(z.object({ vmId: z.string(), name: z.string(), reason: z.string() })),
})
export type BulkPlan = z.infer<typeof BulkPlan>
