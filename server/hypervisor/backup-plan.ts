/** What of a running VM is exported, as it is at this instant, for as long as the backup goes on. */
export interface BackupPlan {
  /** Disk targets (vda …) */
  disks: readonly string[]
  /** Checkpoint from which on changes are marked; without it there are no marks and everything is to be read */
  since?: string
  /** Name of a checkpoint to make at the same instant: the next backup's `since` */
  checkpoint?: string
  /**
   * Where the host offers the disks: at a socket of its own choice, or at a port. Only one who shows a certificate can
   * read with TLS; without it, whoever gets there
   */
  listen: 'socket' | { host: string; port?: number; tls: boolean }
  /** Has the guest agent freeze the file systems for the instant, where it can, so that they are clean in the backup */
  quiesce?: boolean
}

/** Where a backup is read, by NBD. */
export interface BackupExports {
  address: { socketPath: string } | { host: string; port: number; tls: boolean }
  /** `changes` names the NBD context in which bit 1 marks what changed since the plan's checkpoint; null without one */
  disks: { target: string; exportName: string; changes: string | null }[]
}

export interface OpenDisksPlan {
  /** UUID by which they are closed again */
  holder: string
  disks: readonly { target: string; path: string; format: 'qcow2' | 'raw' }[]
  listen: 'socket' | { host: string; tls: boolean }
}
