import { type TenantRole, tenantRoles } from '#server/schema/tenant.ts'

/**
 * Who may do what: one table. A cell names the least role that may do the action; each role includes the ones below it.
 * `anyone` is every signed-in person, on what is their own; operators may do everything.
 */
export const roles = ['operator', 'owner', 'admin', 'member', 'viewer', 'anyone'] as const
export type Role = (typeof roles)[number]

export const policy = {
  vm: {
    read: 'viewer',
    'read-xml': 'member',
    console: 'member',
    power: 'member',
    edit: 'member',
    tag: 'member',
    create: 'member',
    clone: 'member',
    delete: 'member',
    snapshot: 'member',
    backup: 'member',
    restore: 'member',
    protect: 'admin',
    migrate: 'operator',
    assign: 'operator',
    'edit-xml': 'operator',
  },
  operation: { read: 'viewer', cancel: 'member' },
  fleet: { read: 'viewer' },
  site: { read: 'viewer', create: 'operator', edit: 'operator', delete: 'operator' },
  link: { read: 'operator', edit: 'operator' },
  host: {
    'read-name': 'viewer',
    read: 'operator',
    test: 'operator',
    create: 'operator',
    edit: 'operator',
    drain: 'operator',
    delete: 'operator',
  },
  storage: { read: 'operator', edit: 'operator', create: 'operator', delete: 'operator' },
  network: { read: 'viewer', edit: 'operator', create: 'operator', delete: 'operator' },
  template: { read: 'viewer', create: 'operator', edit: 'operator', delete: 'operator' },
  tenant: {
    read: 'viewer',
    rename: 'owner',
    create: 'operator',
    'set-quota': 'operator',
    delete: 'operator',
  },
  member: { read: 'viewer', leave: 'viewer', invite: 'admin', 'change-role': 'admin', remove: 'admin', own: 'owner' },
  audit: { read: 'admin', export: 'admin', check: 'admin' },
  user: {
    'sign-up': 'anyone',
    'accept-invitation': 'anyone',
    read: 'operator',
    create: 'operator',
    'reset-password': 'operator',
    'remove-second-factor': 'operator',
    remove: 'operator',
    'grant-operator': 'operator',
    'revoke-operator': 'operator',
  },
  session: { read: 'anyone', 'switch-tenant': 'anyone' },
  'api-key': { read: 'anyone', create: 'anyone', revoke: 'anyone' },
  'saved-view': { read: 'anyone', create: 'anyone', edit: 'anyone', delete: 'anyone' },
} as const satisfies Record<string, Record<string, Role>>

export type Resource = keyof typeof policy
export type ActionOf<R extends Resource> = keyof (typeof policy)[R] & string

/** Whose a resource's rows are: a tenant's, a person's, or the fleet's. */
const ownership: Record<Resource, 'tenant' | 'person' | 'fleet'> = {
  vm: 'tenant',
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
    return `This API key is read-only; ${action} needs a key that may make changes.`
  }
  if (grants.operator) return true
  const least = need(resource, action)
  if (least === 'operator') return `${sentence(grants, resource, owner)}; ${action} needs operator.`
  if (ownership[resource] === 'person') {
    return owner.userId === undefined || owner.userId === grants.userId || `This ${resource} is somebody else's.`
  }
  const role = roleFor(grants, resource, owner)
  if (role && reaches(role, least)) return true
  return `${sentence(grants, resource, owner)}; ${action} needs ${least}.`
}

/** True when the table alone decides: the resource has no owner that a row would have to tell. */
export const needsNoRow = (resource: Resource) => ownership[resource] !== 'tenant'

/** In the row's tenant; for what is the fleet's, the highest role anywhere. */
function roleFor(grants: Grants, resource: Resource, owner: Owner): TenantRole | undefined {
  if (ownership[resource] === 'tenant') return grants.memberships.find((m) => m.tenantId === owner.tenantId)?.role
  return tenantRoles.find((role) => grants.memberships.some((m) => m.role === role))
}

function sentence(grants: Grants, resource: Resource, owner: Owner): string {
  const role = roleFor(grants, resource, owner)
  const tenant = grants.memberships.find((m) => m.tenantId === owner.tenantId)
  if (ownership[resource] === 'tenant' && tenant) return `Your role in ${tenant.tenantName} is ${tenant.role}`
  if (ownership[resource] === 'tenant') return 'You have no role in its tenant'
  return role ? `Your highest role is ${role}` : 'You have no role in any tenant'
}
