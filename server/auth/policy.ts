import { policy, type Role, roles } from '#server/schema/policy.ts'
import { type TenantRole, tenantRoles } from '#server/schema/tenant.ts'
import { type VmRight, vmRightWord } from '#server/schema/vm-right.ts'

export type Resource = keyof typeof policy
export type ActionOf<R extends Resource> = keyof (typeof policy)[R] & string

/** Whose a resource's rows are: a tenant's, a person's, or the fleet's. */
const ownership: Record<Resource, 'tenant' | 'person' | 'fleet'> = {
  vm: 'tenant',
  'protection-policy': 'tenant',
  operation: 'tenant',
  tenant: 'tenant',
  member: 'tenant',
  audit: 'tenant',
  fleet: 'fleet',
  site: 'fleet',
  link: 'fleet',
  host: 'fleet',
  storage: 'fleet',
  network: 'fleet',
  template: 'fleet',
  datastore: 'fleet',
  'archive-store': 'fleet',
  archive: 'tenant',
  user: 'person',
  session: 'person',
  'api-key': 'person',
  'saved-view': 'person',
}

/** What a read-only API key may do. */
const readingActions: ReadonlySet<string> = new Set(['read', 'read-name', 'read-xml', 'export', 'check'])

/** The part of an actor that the table is asked about. */
export interface Grants {
  operator: boolean
  readOnly: boolean
  userId: string | null
  memberships: readonly { tenantId: string; tenantName: string; role: TenantRole }[]
}

/** Whose the row is: leave out for what has no row yet and no owner. */
export interface Owner {
  tenantId?: string | null
  userId?: string | null
}

/** The least role that may do it. */
export const need = <R extends Resource>(resource: R, action: ActionOf<R>): Role =>
  (policy[resource] as Record<string, Role>)[action] ?? 'operator'

const reaches = (role: Role, least: Role) => roles.indexOf(role) <= roles.indexOf(least)

/** @returns true, or the reason in words for the person asking */
export function allowed<R extends Resource>(grants: Grants, resource: R, action: ActionOf<R>, owner: Owner = {}) {
  if (grants.readOnly && !readingActions.has(action)) {
    return `This API key is read-only. You need a key that may make changes ${purpose(resource, action)}.`
  }
  if (grants.operator) return true
  const least = need(resource, action)
  if (least === 'operator') return `${standing(grants, resource, owner)} Only operators may ${deed(resource, action)}.`
  if (ownership[resource] === 'person') {
    return owner.userId === undefined || owner.userId === grants.userId || `This ${resource} is somebody else's.`
  }
  const role = roleFor(grants, resource, owner)
  if (role && reaches(role, least)) return true
  return `${standing(grants, resource, owner)} You need the role ${least} ${purpose(resource, action)}.`
}

/** True when the table alone decides: the resource has no owner that a row would have to tell. */
export const needsNoRow = (resource: Resource) => ownership[resource] !== 'tenant'

/** In the row's tenant; for what is the fleet's, the highest role anywhere. */
function roleFor(grants: Grants, resource: Resource, owner: Owner): TenantRole | undefined {
  if (ownership[resource] === 'tenant') return grants.memberships.find((m) => m.tenantId === owner.tenantId)?.role
  return highestRole(grants.memberships)
}

const highestRole = (memberships: Grants['memberships']): TenantRole | undefined =>
  tenantRoles.find((role) => memberships.some((m) => m.role === role))

/** Who they are, for what they may not do. */
function standing({ memberships }: Grants, resource: Resource, owner: Owner): string {
  const tenant = memberships.find((m) => m.tenantId === owner.tenantId)
  if (!tenant && ownership[resource] === 'tenant' && owner.tenantId !== undefined)
    return 'You have no role in its tenant.'
  const told = tenant ?? (memberships.length === 1 ? memberships[0] : undefined)
  if (told) return `Your role in ${told.tenantName} is ${told.role}.`
  const highest = highestRole(memberships)
  return highest ? `Your highest role is ${highest}.` : 'You have no role in any tenant.'
}

/** As it goes on after "may". */
function deed(resource: Resource, action: string): string {
  const word = resource === 'vm' ? vmRightWord[action as VmRight] : 'Do this'
  return word.charAt(0).toLowerCase() + word.slice(1)
}

const purpose = (resource: Resource, action: string) => `to ${deed(resource, action)}`
