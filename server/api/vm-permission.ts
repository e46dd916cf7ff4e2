import type { ActionOf } from '#server/auth/policy.ts'
import type { VmAction } from '#server/schema/vm-rule.ts'

/** The permission each action on a VM needs. */
export const vmPermission: Record<VmAction, ActionOf<'vm'>> = {
  start: 'power',
  shutdown: 'power',
  reboot: 'power',
  reset: 'power',
  suspend: 'power',
  resume: 'power',
  'force-off': 'power',
  edit: 'edit',
  'edit-xml': 'edit-xml',
  clone: 'clone',
  delete: 'delete',
  migrate: 'migrate',
  measure: 'migrate',
  'make-template': 'migrate',
  screenshot: 'console',
  snapshot: 'snapshot',
  revert: 'snapshot',
  'delete-snapshot': 'snapshot',
  backup: 'backup',
  restore: 'restore',
  keep: 'clone',
}
