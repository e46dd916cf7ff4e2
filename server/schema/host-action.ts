import { z } from 'zod'

export const HostUri = z
  .string()
  .max(500)
  .regex(
    /^(qemu|test)(\+(tls|ssh|unix))?:\/\//,
    'Such as qemu:///system, qemu+tls://host/system or qemu+ssh://user@host/system',
  )

export const Credential = z.object({
  tls: z.object({ authority: z.string(), certificate: z.string(), key: z.string() }).optional(),
  ssh: z.object({ key: z.string(), knownHosts: z.string() }).optional(),
})
export type Credential = z.infer<typeof Credential>

export const TestHostInput = z.object({
  uri: HostUri,
  credential: Credential.nullable().default(null),
  /** Without a credential: tests with the one that this host has */
  hostId: z.uuid().optional(),
})
export type TestHostInput = z.infer<typeof TestHostInput>
const HostName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/, 'A host is named like a computer')
export const AddHostInput = TestHostInput.omit({ hostId: true }).extend({
  name: HostName,
  siteId: z.uuid(),
  /** Where other hosts reach it; null: as Skerry does */
  migrationUri: HostUri.nullable().default(null),
})
export type AddHostInput = z.infer<typeof AddHostInput>

/** Only what shall change is given. */
export const EditHostFields = z
  .object({
    name: HostName,
    uri: HostUri,
    migrationUri: HostUri.nullable(),
    /** Null: none */
    credential: Credential.nullable(),
  })
  .partial()
export type EditHostInput = z.infer<typeof EditHostFields>

/** What a test of a connection tells of the host; memory in bytes. */
export const HostSummary = z.object({
  hostname: z.string(),
  hostUuid: z.string(),
  architecture: z.string(),
  cpuModel: z.string(),
  cpuCount: z.number(),
  memoryBytes: z.number(),
  libvirtVersion: z.string(),
  hypervisorVersion: z.string(),
  kvmOffered: z.boolean(),
  simulated: z.boolean(),
})
export type HostSummary = z.infer<typeof HostSummary>

/** As the operation keeps it: the credential sealed for the host's id, in base64. */
export const TestHostPlan = z.object({ hostId: z.uuid(), uri: HostUri, sealed: z.string().nullable() })
export type TestHostPlan = z.infer<typeof TestHostPlan>
export const AddHostPlan = TestHostPlan.extend({
  name: z.string(),
  siteId: z.uuid(),
  migrationUri: z.string().nullable(),
})
export type AddHostPlan = z.infer<typeof AddHostPlan>

/** As the host shall be; its credential stays, or becomes what is sealed, which may be none. */
export const EditHostPlan = z.object({
  name: z.string(),
  uri: HostUri,
  migrationUri: z.string().nullable(),
  keepsAccess: z.boolean(),
  sealed: z.string().nullable(),
})
export type EditHostPlan = z.infer<typeof EditHostPlan>

export const RemoveHostInput = z.object({})
export const DrainInput = z.object({
  onSlow: z.enum(['keep-trying', 'post-copy', 'give-up']).default('post-copy'),
  /** VMs of which the plan said that they stand still while they move; any other that would have to stays */
  standStill: z.array(z.uuid()).max(10_000).default([]),
})
export type DrainInput = z.infer<typeof DrainInput>
