import type { VisualState } from '#components/ui/state.ts'
import type { RowOperation, VmState } from '#server/schema/vm.ts'

export const vmStateWord: Record<VmState, string> = {
  creating: 'Creating',
  running: 'Running',
  paused: 'Paused',
  shutting_down: 'Shutting down',
  off: 'Off',
  crashed: 'Crashed',
  sleeping: 'Sleeping',
  unknown: 'Unknown',
}

const looks: Record<VmState, VisualState> = {
  creating: 'changing',
  running: 'running',
  paused: 'degraded',
  shutting_down: 'changing',
  off: 'off',
  crashed: 'failed',
  sleeping: 'off',
  unknown: 'unknown',
}

/** What an operation at work makes of a VM's badge. */
const operationWord: Record<string, string> = {
  'power-vm': 'Changing',
  'create-vm': 'Creating',
  'clone-vm': 'Cloning',
  'edit-vm': 'Changing',
  'edit-vm-xml': 'Changing',
  'delete-vm': 'Deleting',
  'migrate-vm': 'Migrating',
  'make-template': 'Making a template',
  'take-snapshot': 'Snapshot',
  'revert-snapshot': 'Reverting',
  'delete-snapshot': 'Changing',
  'back-up-vm': 'Backing up',
  'restore-vm': 'Restoring',
  'bring-back-recovery-point': 'Bringing back',
}

interface Standing {
  state: string
  stateReason: string | null
}

/** Why a VM stands still that nobody suspended: it is on its way, and goes on by itself. */
const onItsWay: Record<string, { look: VisualState; word: string; reason: string }> = {
  'starting up': { look: 'changing', word: 'Starting', reason: 'It is starting.' },
  migrating: { look: 'migrating', word: 'Migrating', reason: 'It is being migrated.' },
}

export const wayOf = ({ state, stateReason }: Standing) =>
  state === 'paused' && stateReason !== null ? onItsWay[stateReason] : undefined

/** They hold a VM still while they work, whatever it did before. */
const holdingStill: ReadonlySet<string> = new Set(['create-vm', 'clone-recovery-point', 'migrate-vm'])

/** Stands still until somebody resumes it. */
export function isToBeResumed(vm: Standing & { operation: Pick<RowOperation, 'kind'> | null }): boolean {
  if (vm.operation && holdingStill.has(vm.operation.kind)) return false
  return vm.state === 'sleeping' || (vm.state === 'paused' && !wayOf(vm))
}

/** How a VM's state looks: its own, or that of the operation at work on it. */
export function vmLook(
  state: VmState,
  operation: Pick<RowOperation, 'kind' | 'state' | 'progress'> | null,
  stateReason: string | null = null,
) {
  const busy = operation && operation.state !== 'queued' ? operationWord[operation.kind] : undefined
  if (!operation || !busy) {
    const { look, word } = wayOf({ state, stateReason }) ?? { look: looks[state], word: vmStateWord[state] }
    return { look, word, detail: undefined }
  }
  const look: VisualState = operation.kind === 'migrate-vm' ? 'migrating' : 'changing'
  const detail = operation.progress === null ? undefined : `${Math.floor(operation.progress * 100)} %`
  return { look, word: operation.state === 'cancelling' ? 'Cancelling' : busy, detail }
}
