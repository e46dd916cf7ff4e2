import type { policy } from './policy.ts'

export type VmRight = keyof typeof policy.vm

/** What each action on a VM is, in words for people: in what a role may do, and in why somebody may not. */
export const vmRightWord: Record<VmRight, string> = {
  read: 'See it',
  'read-xml': 'See its XML',
  console: 'See its screen',
  power: 'Start and stop it',
  edit: 'Change its configuration',
  tag: 'Change its tags',
  create: 'Create VMs',
  clone: 'Clone it',
  delete: 'Delete it',
  snapshot: 'Take, delete and revert to snapshots',
  backup: 'Back it up',
  restore: 'Restore it and files of it',
  'delete-backup': 'Delete its recovery points',
  protect: 'Protect it against deletion',
  migrate: 'Move it to another host',
  assign: 'Give it to another tenant',
  'edit-xml': 'Change its XML',
}
