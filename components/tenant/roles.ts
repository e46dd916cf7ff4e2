import type { TenantRole } from '#server/schema/tenant.ts'

/** What each role may, in a line. */
export const roleWords: Record<TenantRole, string> = {
  owner: 'Everything in the tenant, also its name and its owners',
  admin: 'Members, audit and all VMs',
  member: 'Creates, changes and deletes VMs',
  viewer: 'Looks, changes nothing',
}
