import { z } from 'zod'

export const vmStates = [
  'creating',
  'running',
  'paused',
  'shutting_down',
  'off',
  'crashed',
  'sleeping',
  'unknown',
] as const
export type VmState = (typeof vmStates)[number]

export const vmSortKeys = [
  'name',
  'state',
  'site',
  'host',
  'tenant',
  'vcpus',
  'memory',
  'disk',
  'cpu',
  'created',
] as const
export type VmSortKey = (typeof vmSortKeys)[number]

export const VmId = z.uuid()

/** As it is typed; see `parseFilter`. */
export const FilterText = z.string().max(500)

/** A tag is one word: it must be typeable in the filter. */
export const Tag = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._/-]{0,62}$/u, 'A tag is one word of letters, digits, . _ / -')

/** Pass `next` back as the cursor for older ones. */
export const VmEventList = z.object({
  id: VmId,
  limit: z.int().min(1).max(200).default(50),
  cursor: z.object({ at: z.date(), id: z.uuid() }).nullish(),
})
export type VmEventList = z.infer<typeof VmEventList>

export const VmListInput = z.object({
  filter: FilterText.default(''),
  sort: z.object({ key: z.enum(vmSortKeys), descending: z.boolean() }).default({ key: 'name', descending: false }),
  /** As returned with the page before; absent for the first */
  cursor: z.string().max(1000).nullish(),
  /** A cursor too: nothing behind it is read, so that one page of many can be read again and still fit between the others */
  until: z.string().max(1000).nullish(),
  limit: z.int().min(1).max(500).default(100),
})
export type VmListInput = z.infer<typeof VmListInput>

/** An operation that is at work on a VM, as a list row shows it. */
export interface RowOperation {
  id: string
  kind: string
  state: 'queued' | 'running' | 'cancelling'
  phase: string | null
  /** 0..1, null when not known */
  progress: number | null
}

/** A VM as lists show it. Sizes in bytes, rates per second, cpuUsage 0..1. */
export interface VmRow {
  id: string
  uuid: string
  name: string
  state: VmState
  stateReason: string | null
  stateSince: string
  tenantId: string | null
  siteId: string
  hostId: string
  vcpuCount: number
  memoryBytes: number
  diskBytes: number
  addresses: string[]
  tags: string[]
  protected: boolean
  agentConnected: boolean
  createdAt: string
  cpuUsage: number | null
  memoryUsedBytes: number | null
  cpuSeries: number[]
  operation: RowOperation | null
}

export interface VmPage {
  rows: VmRow[]
  nextCursor: string | null
}

export const SetTagsInput = z.object({
  ids: z.array(VmId).min(1).max(500),
  add: z.array(Tag).max(50),
  remove: z.array(Tag).max(50),
})
export const SetNotesInput = z.object({ id: VmId, notes: z.string().max(20_000) })
export const SetProtectedInput = z.object({ id: VmId, protected: z.boolean() })
export const AssignInput = z.object({ ids: z.array(VmId).min(1).max(500), tenantId: z.string().nullable() })
