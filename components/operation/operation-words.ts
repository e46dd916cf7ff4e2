import { formatBytesPerSecond } from '#components/ui/format.ts'
import type { VisualState } from '#components/ui/state.ts'
import type { OperationKind, OperationRow, OperationState } from '#server/schema/operation.ts'

const kindWord: Record<OperationKind, string> = {
  'power-vm': 'Power',
  'create-vm': 'Create',
  'clone-vm': 'Clone',
  'edit-vm': 'Edit',
  'edit-vm-xml': 'Edit XML',
  'delete-vm': 'Delete',
  'migrate-vm': 'Migrate',
  'measure-vm': 'Measure',
  'drain-host': 'Drain',
  'test-host': 'Test connection',
  'add-host': 'Add host',
  'remove-host': 'Remove host',
  'bulk-vm': 'Bulk action',
}

const stateWord: Record<OperationState, string> = {
  queued: 'Queued',
  running: 'Running',
  cancelling: 'Cancelling',
  succeeded: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
}

/** What it does, as a person would say it: "Migrate", "Drain". */
export const operationWord = (operation: Pick<OperationRow, 'kind'>) => kindWord[operation.kind] ?? operation.kind

/** How its state looks. */
export function operationLook(operation: Pick<OperationRow, 'kind' | 'state'>): { look: VisualState; word: string } {
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

export function operationRate(operation: OperationRow): string | undefined {
  if (operation.ratePerSecond === null || operation.progressUnit !== 'bytes') return undefined
  return formatBytesPerSecond(operation.ratePerSecond)
}

/** The page of what it changes, where there is one. */
export function operationTargetHref(operation: Pick<OperationRow, 'targetKind' | 'targetId'>): string | null {
  if (operation.targetKind === 'vm') return `/vms/${operation.targetId}`
  if (operation.targetKind === 'host') return `/hosts/${operation.targetId}`
  return null
}
