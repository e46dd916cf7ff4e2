import { z } from 'zod'
import type { policy } from './policy.ts'

/** What is recorded by its own name, though who may do it follows from the right to another action. */
export const deeds = {
  vm: [
    'measure',
    'keep',
    'revert-snapshot',
    'delete-snapshot',
    'create-schedule',
    'edit-schedule',
    'delete-schedule',
    'measure-restore',
    'boot-test',
    'clone-recovery-point',
    'follow-source',
    'bring-back',
    'download-file',
  ],
  operation: ['retry', 'clean-up', 'end'],
  host: ['undrain'],
  member: ['withdraw-invitation'],
  archive: ['expire'],
} as const satisfies Partial<Record<keyof typeof policy, readonly string[]>>
export type DeedOf<R> = R extends keyof typeof deeds ? (typeof deeds)[R][number] : never

export const auditOutcomes = ['succeeded', 'denied', 'failed'] as const

/** Every part narrows; leave out for all. */
export const AuditFilter = z.object({
  tenantId: z.string().max(64).optional(),
  actorId: z.string().max(64).optional(),
  /** resource.action, e.g. vm.power */
  action: z.string().max(64).optional(),
  resourceKind: z.string().max(64).optional(),
  resourceId: z.string().max(64).optional(),
  outcome: z.enum(auditOutcomes).optional(),
  from: z.coerce.date().optional(),
  to: z.coerce.date().optional(),
  /** Found in the names of actor and resource, the action, the resource's id or the address */
  text: z.string().trim().max(200).optional(),
})
export type AuditFilter = z.infer<typeof AuditFilter>

export const AuditPage = AuditFilter.extend({
  limit: z.number().int().min(1).max(200).default(50),
  /** `next` of the page before */
  cursor: z.string().regex(/^\d+$/).optional(),
})

export const AuditExport = AuditFilter.extend({ format: z.enum(['csv', 'jsonl']).default('csv') })
