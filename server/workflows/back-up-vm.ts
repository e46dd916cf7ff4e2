/**
 * Backs a VM up: reads its disks as they are at one instant, or what of them has changed since the last backup, into a
 * recovery point. The recovery point, the checkpoint at the host and the operation share one id, so a second run finds
 * what the first one made.
 *
 * | state              | back up                                                                        |
 * |--------------------|--------------------------------------------------------------------------------|
 * | running, suspended | yes; the guest agent freezes its file systems for the instant, where there is one |
 * | off                | yes: QEMU opens its disks without running the guest                            |
 * | anything else      | refused                                                                        |
 *
 * Before the instant, PostgreSQL, MySQL and the guest's own scripts are readied through the agent, as far as they are
 * found; afterwards they go on. See `application/toolkit.ts`.
 *
 * What has changed is told by the marks of the last checkpoint; without it, or where they are broken, everything is read,
 * and what the datastore has already is not stored again. Cancel and failure leave the datastore and the host as they were.
 */
import { BackUpPlan } from '#server/schema/backup.ts'
import { type BackupMemory, begin, end, look, read, record, unbegin, unread } from './backup-step.ts'
import { defineWorkflow } from './define.ts'

export const backUpVm = defineWorkflow<BackUpPlan, BackupMemory>({
  kind: 'back-up-vm',
  input: BackUpPlan,
  noReturnAfter: 'record',
  result: ({ since, consistency, applications, readBytes, storedBytes, left }) => ({
    reading: since ? 'incremental' : 'full',
    ...{ consistency, applications: applications ?? [], readBytes, storedBytes, left: left ?? [] },
  }),
  steps: [
    { name: 'look', do: look },
    { name: 'begin', do: begin, undo: unbegin },
    { name: 'read', do: read, undo: unread },
    { name: 'record', do: record },
    { name: 'end', do: async (context) => ({ left: await end(context) }) },
  ],
})
