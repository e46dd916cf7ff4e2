/** What the hypervisor reports on its own. `vm` is the hypervisor's UUID of the VM. */
export type HostEvent =
  | { kind: 'vm-changed'; vm: string; change: VmChange; detail: string }
  | { kind: 'vm-removed'; vm: string }
  | { kind: 'migration-iteration'; vm: string; iteration: number }
  | { kind: 'job-completed'; vm: string; job: JobReading }
  | { kind: 'block-job'; vm: string; disk: string; state: 'completed' | 'failed' | 'cancelled' | 'ready' }
  | { kind: 'storage-changed'; pool: string }
  | { kind: 'network-changed'; network: string }
  | { kind: 'device-changed'; device: string }

export type VmChange =
  | 'defined'
  | 'started'
  | 'stopped'
  | 'crashed'
  | 'paused'
  | 'resumed'
  | 'rebooted'
  | 'migrated-away'
  | 'migrated-here'
  | 'configured'
  | 'agent-connected'
  | 'agent-disconnected'
  | 'device-added'
  | 'device-removed'
  | 'watchdog'
  | 'disk-error'

/** One reading of a running job (migration, backup, block copy); null totals are not known yet. */
export interface JobReading {
  kind: 'none' | 'migration-out' | 'migration-in' | 'backup' | 'snapshot' | 'save' | 'other'
  state: 'running' | 'completed' | 'failed' | 'cancelled'
  postCopy: boolean
  elapsedMs: number
  /** Of an ended migration: how long the guest stood still; of a running one: what is expected */
  downtimeMs: number | null
  totalBytes: number
  doneBytes: number
  remainingBytes: number
  memoryRemainingBytes: number
  diskRemainingBytes: number
  bytesPerSecond: number
  dirtyBytesPerSecond: number | null
  iteration: number
  /** The hypervisor's own error text of a failed job */
  error: string | null
}
