import { z } from 'zod'
import { BootTestSchedule } from './boot-test.ts'
import { ScheduleMoment, TimeZone } from './schedule.ts'
import { VmId } from './vm.ts'

export const retentionRules = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const
export type RetentionRule = (typeof retentionRules)[number]

const count = z.number().int().min(0).max(999)
/** How many recovery points of each kind stay; the newest of each hour, day, week, month and year. */
export const Retention = z.object({
  last: z.number().int().min(1).max(999),
  hourly: count.default(0),
  daily: count.default(0),
  weekly: count.default(0),
  monthly: count.default(0),
  yearly: count.default(0),
})
export type Retention = z.infer<typeof Retention>

const Tag = z.string().trim().min(1).max(40)

/** Which VMs of a tenant: all, or those with any of the tags and those named. */
export const VmSelection = z.object({
  allVms: z.boolean().default(false),
  tags: z.array(Tag).max(50).default([]),
  vmIds: z.array(VmId).max(500).default([]),
})
export type VmSelection = z.infer<typeof VmSelection>

export const ProtectionPolicyInput = VmSelection.extend({
  name: z.string().trim().min(1, 'Give a name').max(60),
  schedules: z.array(ScheduleMoment).min(1, 'Give a time').max(10),
  timeZone: TimeZone,
  retention: Retention,
  datastoreId: z.uuid('Choose a datastore'),
  /** How long after its time a VM without a new backup is late */
  lateAfterMinutes: z
    .number()
    .int()
    .min(5)
    .max(60 * 24 * 31),
  /** When its VMs' newest recovery points are booted as a proof; null: never */
  bootTest: BootTestSchedule.nullable().default(null),
  enabled: z.boolean().default(true),
})
export type ProtectionPolicyInput = z.infer<typeof ProtectionPolicyInput>

export const PolicyId = z.object({ id: z.uuid() })
/** Null: of the VMs that belong to no tenant */
const ofTenant = { tenantId: z.string().max(64).nullable() }
export const CreatePolicyInput = ProtectionPolicyInput.extend(ofTenant)
export const EditPolicyInput = ProtectionPolicyInput.extend(PolicyId.shape)
export const PolicyPreviewInput = VmSelection.extend({
  ...ofTenant,
  retention: Retention,
  timeZone: TimeZone,
  /** The one that is edited */
  policyId: z.uuid().optional(),
})
export type PolicyPreviewInput = z.infer<typeof PolicyPreviewInput>

/** The worst first, as they are sorted. */
export const protectionStates = ['failing', 'late', 'unprotected', 'waiting', 'protected'] as const
export type ProtectionState = (typeof protectionStates)[number]

/** What the last boot test of a VM's recovery points came to. */
export const bootStates = ['failed', 'untested', 'proven'] as const
export type BootState = (typeof bootStates)[number]

export const ProtectionList = z.object({
  states: z.array(z.enum(protectionStates)).optional(),
  boot: z.enum(bootStates).optional(),
  text: z.string().trim().max(100).optional(),
  tenantId: z.string().max(64).optional(),
  policyId: z.uuid().optional(),
  /** So many are left out; `next` of the page before */
  cursor: z.number().int().min(0).max(1_000_000).nullish(),
  limit: z.number().int().min(1).max(200).default(100),
})
export type ProtectionList = z.infer<typeof ProtectionList>
