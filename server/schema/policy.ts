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
    'delete-backup': 'admin',
    protect: 'admin',
    migrate: 'operator',
    assign: 'operator',
    'edit-xml': 'operator',
  },
  'protection-policy': { read: 'viewer', run: 'member', create: 'admin', edit: 'admin', delete: 'admin' },
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
  network: { read: 'viewer', edit: 'operator', create: 'operator', delete: 'operator', grant: 'operator' },
  datastore: { read: 'viewer', create: 'operator' },
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
