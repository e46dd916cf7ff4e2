import type { VmPowerState } from '../facts.ts'

const states: Record<number, VmPowerState> = {
  0: 'running',
  1: 'running',
  2: 'running',
  3: 'paused',
  4: 'shutting_down',
  5: 'off',
  6: 'crashed',
  7: 'sleeping',
}

const reasons: Partial<Record<VmPowerState, readonly string[]>> = {
  running: [
    '',
    'booted',
    'migrated',
    'restored',
    'from snapshot',
    'resumed',
    'migration cancelled',
    'saving cancelled',
    'woken',
    'crashed',
    'post-copy',
    'post-copy failed',
  ],
  paused: [
    '',
    '',
    'migrating',
    'saving',
    'dumping',
    'disk error',
    'watchdog',
    'from snapshot',
    'shutting down',
    'taking a snapshot',
    'crashed',
    'starting up',
    'post-copy',
    'post-copy failed',
    'hypervisor error',
  ],
  shutting_down: ['', ''],
  off: ['', 'shut down', 'forced off', 'crashed', 'migrated', 'saved', 'failed', 'from snapshot', 'host restarted'],
  crashed: ['', 'panicked'],
}

/** libvirt's state and reason numbers in our words. */
export function powerState(state: number, reason: number): { state: VmPowerState; stateReason: string } {
  const word = states[state] ?? 'off'
  return { state: word, stateReason: reasons[word]?.[reason] ?? '' }
}

export const pausedByMigration = (state: number, reason: number) => state === 3 && reason === 2
/** The guest runs at the destination already, its memory still comes over: both ends say so. */
export const inPostCopy = (state: number, reason: number) =>
  (state === 1 && reason === 10) || (state === 3 && reason === 12)
/** Has a process: running, paused, shutting down, crashed but kept, sleeping. */
export const isActive = (state: VmPowerState) => state !== 'off'
