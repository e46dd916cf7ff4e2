import { z } from 'zod'
import { TenantId } from './tenant.ts'

export const NetworkName = z.string().min(1).max(200)

/** Whose VMs may be plugged into the networks of a name. */
export const NetworkGrants = z
  .object({
    name: NetworkName,
    /** Those of tomorrow too */
    allTenants: z.boolean(),
    tenantIds: z.array(TenantId).max(1000).default([]),
  })
  .refine(({ allTenants, tenantIds }) => !allTenants || tenantIds.length === 0, 'All tenants, or some: not both.')
export type NetworkGrants = z.infer<typeof NetworkGrants>
