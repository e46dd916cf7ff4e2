import { z } from 'zod'

export const tenantRoles = ['owner', 'admin', 'member', 'viewer'] as const
export const TenantRole = z.enum(tenantRoles)
export type TenantRole = z.infer<typeof TenantRole>

export const TenantId = z.string().min(1).max(64)
const TenantName = z.string().trim().min(1, 'Give the tenant a name').max(80)
const limit = z.number().int().min(0).nullable()
const byteLimit = z
  .union([z.bigint(), z.number().int()])
  .transform(BigInt)
  .refine((bytes) => bytes >= 0n)
  .nullable()

/** Limits of a tenant; null is unlimited, a missing one stays as it is. */
export const Quota = z.object({
  quotaVcpus: limit.optional(),
  quotaMemoryBytes: byteLimit.optional(),
  quotaDiskBytes: byteLimit.optional(),
  quotaVms: limit.optional(),
  quotaSnapshots: limit.optional(),
})
export type Quota = z.infer<typeof Quota>

export const TenantCreate = Quota.extend({ name: TenantName })
export const TenantRename = z.object({ tenantId: TenantId, name: TenantName })
export const TenantSetQuota = Quota.extend({ tenantId: TenantId })
export const TenantOne = z.object({ tenantId: TenantId })

/** What a tenant has or would take; sizes in bytes. */
export interface ResourceAmounts {
  vcpus: number
  memoryBytes: bigint
  diskBytes: bigint
  vms: number
  snapshots: number
}

const Email = z.email('This is no e-mail address').max(254).toLowerCase()
export const MemberInvite = z.object({ tenantId: TenantId, email: Email, role: TenantRole })
export const MemberOne = z.object({ memberId: z.string().max(64) })
export const MemberChangeRole = MemberOne.extend({ role: TenantRole })
export const InvitationOne = z.object({ invitationId: z.string().min(1).max(64) })
