/** How a running VM goes to another host. Sizes are bytes, times milliseconds. */
export interface MigrationPlan {
  /** URI the source host reaches the destination under */
  destinationUri: string
  /** Where the destination listens for memory and disks, e.g. tcp://10.0.0.12; the host decides when absent */
  listenUri?: string
  /** Disk targets (vda …) that must be copied; empty with shared storage */
  copyDisks: readonly string[]
  /** Disks that are not copied lie on storage that both hosts share, though it may look local to the hypervisor */
  sharedStorage?: boolean
  /** Encrypt the stream with the hosts' TLS credentials */
  tls: boolean
  live: boolean
  /** Allow a later switch to post-copy */
  postCopy: boolean
  autoConverge: boolean
  /** What the guest writes to copied disks goes to both at once: slower for it, but copying ends whatever it writes (libvirt 8) */
  synchronousWrites: boolean
  bandwidthBytesPerSecond?: number
  maxDowntimeMs?: number
  /** XML of the VM for the destination where something differs there, such as the paths of copied disks */
  destinationXml?: string
  /** The same of what its next start will use (libvirt's persist_xml) */
  persistentXml?: string
}
