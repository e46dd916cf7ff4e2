import { z } from 'zod'
import { formatBytesPerSecond, formatCount } from '#components/ui/format.ts'
import type { VisualState } from '#components/ui/state.ts'
import { BootTestResult } from '#server/schema/boot-test.ts'
import { type OperationKind, type OperationRow, type OperationState, operationKinds } from '#server/schema/operation.ts'
import { Verification } from './data-outcome.ts'

/** What each kind does, before a name. */
export const kindWord: Record<OperationKind, string> = {
  'power-vm': 'Power',
  'create-vm': 'Create',
  'clone-vm': 'Clone',
  'edit-vm': 'Edit',
  'edit-vm-xml': 'Edit XML of',
  'delete-vm': 'Delete',
  'migrate-vm': 'Migrate',
  'measure-vm': 'Measure memory of',
  'make-template': 'Make a template of',
  'take-snapshot': 'Snapshot',
  'revert-snapshot': 'Revert',
  'delete-snapshot': 'Delete a snapshot of',
  'back-up-vm': 'Back up',
  'restore-vm': 'Restore',
  'measure-restore': 'Measure a restore of',
  'restore-new-vm': 'Restore as a new VM:',
  'boot-test-vm': 'Boot test of',
  'clone-recovery-point': 'Clone a recovery point as',
  'keep-clone': 'Keep on its own:',
  'follow-source': 'Bring up to date',
  'remove-recovery-points': 'Delete recovery points of',
  'save-archive-store': 'Set up archive store',
  'archive-recovery-points': 'Archive by',
  'bring-back-recovery-point': 'Bring back a recovery point of',
  'add-datastore': 'Add datastore',
  'edit-datastore': 'Edit datastore',
  'remove-datastore': 'Remove datastore',
  'test-store': 'Test store',
  'verify-datastore': 'Verify datastore',
  'verify-archive-store': 'Verify archive store',
  'compact-datastore': 'Compact datastore',
  'drain-host': 'Drain',
  'test-host': 'Test connection to',
  'add-host': 'Add host',
  'edit-host': 'Edit host',
  'remove-host': 'Remove host',
  'bulk-vm': 'Bulk action:',
  'undo-operation': 'Clean up',
}

const actionWord: Record<string, string> = {
  start: 'Start',
  shutdown: 'Shut down',
  reboot: 'Reboot',
  reset: 'Reset',
  suspend: 'Suspend',
  resume: 'Resume',
  'force-off': 'Force off',
  migrate: 'Migrate',
  snapshot: 'Snapshot',
}

const stateWord: Record<OperationState, string> = {
  queued: 'Queued',
  running: 'Running',
  cancelling: 'Cancelling',
  succeeded: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
}

/** What it does, as a person would say it before the target's name: "Migrate", "Shut down". */
export function operationWord({ kind, action, targetName }: Titled): string {
  const asked = kind === 'bulk-vm' ? bulkName(targetName)?.action : action
  return (asked && actionWord[asked]) ?? kindWord[kind] ?? kind
}

/** What it is done to: a VM's or a host's name, "3 VMs". */
export const operationTarget = ({ kind, targetName }: Titled) =>
  kind === 'bulk-vm' ? (bulkName(targetName)?.target ?? targetName) : targetName

type Titled = Pick<OperationRow, 'kind' | 'action' | 'targetName'>

/** A bulk operation is named "shutdown: 3 VMs". */
function bulkName(name: string): { action: string; target: string } | undefined {
  const [, action, target] = /^([\w-]+): (.+)$/.exec(name) ?? []
  return action && target && actionWord[action] ? { action, target } : undefined
}

/** Measuring goes on behind a dialog and is nobody's news. */
export const isMeasuring = (kind: OperationKind) => kind === 'measure-vm' || kind === 'measure-restore'
export const newsKinds = operationKinds.filter((kind) => !isMeasuring(kind))

type Looked = Pick<OperationRow, 'kind' | 'state'> & { result?: unknown }

/** What a boot test that was carried through came to. */
export const bootTestResult = ({ kind, state, result }: Looked): BootTestResult | null =>
  kind === 'boot-test-vm' && state === 'succeeded' ? (BootTestResult.safeParse(result).data ?? null) : null

/** A boot test that went well and found out that it does not boot. */
export const isUnproven = (operation: Looked) => bootTestResult(operation)?.outcome === 'failed'

const hasFoundDamage = ({ kind, state, result }: Looked) =>
  (kind === 'verify-datastore' || kind === 'verify-archive-store') &&
  state === 'succeeded' &&
  (Verification.safeParse(result).data?.damaged ?? 0) > 0

/** What went well, and found out what did not. */
export const foundBad = (operation: Looked) => isUnproven(operation) || hasFoundDamage(operation)

const Items = z.object({ items: z.array(z.object({ state: z.string() })) })

/** How one of many ended that was not done for each of them. */
function partlyLook({ kind, state, result }: Looked): { look: VisualState; word: string } | undefined {
  if ((kind !== 'bulk-vm' && kind !== 'drain-host') || state !== 'succeeded') return undefined
  const items = Items.safeParse(result).data?.items ?? []
  const done = items.filter((item) => item.state === 'succeeded').length
  if (done === items.length) return undefined
  return done > 0 ? { look: 'degraded', word: 'Partly done' } : { look: 'failed', word: 'Not done' }
}

/** How its state looks. */
export function operationLook(operation: Looked): { look: VisualState; word: string } {
  if (isUnproven(operation)) return { look: 'failed', word: 'Not proven' }
  if (hasFoundDamage(operation)) return { look: 'failed', word: 'Damage found' }
  const partly = partlyLook(operation)
  if (partly) return partly
  const looks: Record<OperationState, VisualState> = {
    queued: 'off',
    running: operation.kind === 'migrate-vm' || operation.kind === 'drain-host' ? 'migrating' : 'changing',
    cancelling: 'degraded',
    succeeded: 'running',
    failed: 'failed',
    cancelled: 'off',
  }
  return { look: looks[operation.state], word: stateWord[operation.state] }
}

/** 0..1, or null while the end is not known. */
export function operationShare(operation: OperationRow): number | null {
  if (operation.progressTotal === null || operation.progressTotal === 0) return null
  return Math.min(1, (operation.progressDone ?? 0) / operation.progressTotal)
}

/** What it is doing at this moment. */
export function operationPhase(operation: OperationRow): string | undefined {
  if (operation.state === 'queued') return 'Waiting for a worker'
  const text = operation.phase ?? operation.step
  const phase = text ? text.charAt(0).toUpperCase() + text.slice(1) : undefined
  if (operation.state === 'cancelling') {
    return `Cancelled by ${operation.cancelRequestedBy ?? 'somebody'}: stopping and putting back`
  }
  if (operation.progressUnit !== 'items' || operation.progressTotal === null) return phase
  return `${formatCount(operation.progressDone ?? 0)} of ${formatCount(operation.progressTotal)} done`
}

export function operationRate(operation: OperationRow): string | undefined {
  if (operation.ratePerSecond === null || operation.progressUnit !== 'bytes') return undefined
  // Nothing is copied in this step.
  if (operation.progressTotal === null) return undefined
  return formatBytesPerSecond(operation.ratePerSecond)
}

/** The page of what it changes, where there is one. */
export function operationTargetHref(operation: Pick<OperationRow, 'kind' | 'targetKind' | 'targetId'>): string | null {
  if (operation.targetKind === 'vm') return `/vms/${operation.targetId}`
  if (operation.targetKind === 'host') return `/hosts/${operation.targetId}`
  if (operation.targetKind === 'datastore' && operation.kind !== 'test-store')
    return `/datastores/${operation.targetId}`
  if (operation.targetKind === 'archival-policy' || operation.targetKind === 'archive-store') return '/archive'
  return null
}

/** Milliseconds from its beginning to its end. */
export const operationTookMs = (operation: OperationRow) =>
  operation.startedAt && operation.finishedAt
    ? new Date(operation.finishedAt).getTime() - new Date(operation.startedAt).getTime()
    : null
