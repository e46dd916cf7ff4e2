import { z } from 'zod'

export const operationKinds = [
  'power-vm',
  'create-vm',
  'clone-vm',
  'edit-vm',
  'edit-vm-xml',
  'delete-vm',
  'migrate-vm',
  'measure-vm',
  'make-template',
  'take-snapshot',
  'revert-snapshot',
  'delete-snapshot',
  'back-up-vm',
  'restore-vm',
  'measure-restore',
  'restore-new-vm',
  'boot-test-vm',
  'clone-recovery-point',
  'keep-clone',
  'follow-source',
  'remove-recovery-points',
  'save-archive-store',
  'archive-recovery-points',
  'bring-back-recovery-point',
  'add-datastore',
  'edit-datastore',
  'remove-datastore',
  'test-store',
  'verify-datastore',
  'compact-datastore',
  'verify-archive-store',
  'drain-host',
  'test-host',
  'add-host',
  'edit-host',
  'remove-host',
  'bulk-vm',
  'undo-operation',
] as const
export type OperationKind = (typeof operationKinds)[number]

export const liveStates = ['queued', 'running', 'cancelling'] as const
export const endedStates = ['succeeded', 'failed', 'cancelled'] as const
export type OperationState = (typeof liveStates)[number] | (typeof endedStates)[number]
export const isLive = (state: OperationState) => (liveStates as readonly string[]).includes(state)

/** Fields of an input that nobody is shown: passwords and keys. */
export const hiddenFields = ['userData', 'sealed', 'credential'] as const
/** Fields that go when the operation ends; a definition may hold passwords too. */
export const passingFields = [...hiddenFields, 'xml'] as const

export const targetKinds = ['vm', 'host', 'datastore', 'archive-store', 'archival-policy', 'fleet'] as const
export type TargetKind = (typeof targetKinds)[number]

/**
 * What a failed operation shows to everybody who sees it: what went wrong, in which step, and what to do next. In
 * Skerry's own words; what else is known is for operators (`errorDetail`).
 */
export const OperationError = z.object({
  code: z.string(),
  message: z.string(),
  step: z.string().nullable(),
  wayOut: z.string().nullable(),
  /** An action that gets the person further, offered as a button */
  offer: z.enum(['force-off']).optional(),
  /** What could not be undone, in words; an undo-operation tries again */
  left: z.array(z.string()).optional(),
})
export type OperationError = z.infer<typeof OperationError>

/** A request sent twice with the same key makes one operation. */
export const IdempotencyKey = z.string().min(8).max(128).optional()

export const OperationId = z.object({ id: z.uuid() })

/** What an undo-operation cleans up after */
export const UndoOperationInput = z.object({ operationId: z.uuid() })
export type UndoOperationInput = z.infer<typeof UndoOperationInput>

/** Live ones first, then newest first; `cursor` is the last operation's of the page before. */
export const OperationList = z.object({
  live: z.boolean().optional(),
  targetId: z.string().max(64).optional(),
  hostId: z.uuid().optional(),
  parentId: z.uuid().optional(),
  kinds: z.array(z.enum(operationKinds)).max(operationKinds.length).optional(),
  states: z.array(z.enum([...liveStates, ...endedStates])).optional(),
  /** Without the parts of bulk and drain operations */
  topLevel: z.boolean().optional(),
  /** Asked for no longer ago than this */
  withinHours: z.number().int().min(1).max(8784).optional(),
  limit: z.number().int().min(1).max(200).default(50),
  cursor: z.object({ live: z.boolean(), id: z.uuid() }).nullish(),
})
export type OperationList = z.infer<typeof OperationList>

/** An operation as lists show it: sizes in bytes, rate in units a second, times ISO 8601. */
export interface OperationRow {
  id: string
  kind: OperationKind
  /** Which of its kind's actions, e.g. `reboot` of power-vm; null where the kind says it all */
  action: string | null
  tenantId: string | null
  targetKind: TargetKind
  targetId: string
  targetName: string
  actorKind: 'user' | 'api_key' | 'system'
  actorName: string
  parentId: string | null
  state: OperationState
  step: string | null
  stepIndex: number
  stepCount: number
  phase: string | null
  progressDone: number | null
  progressTotal: number | null
  progressUnit: 'bytes' | 'items' | 'percent' | null
  ratePerSecond: number | null
  remainingMs: number | null
  result: unknown
  error: OperationError | null
  undone: string[]
  cancelRequestedBy: string | null
  hostId: string | null
  destinationHostId: string | null
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
}

export interface OperationPage {
  items: OperationRow[]
  next: { live: boolean; id: string } | null
}
