/** What a hypervisor says of a host and its VMs, read and never guessed. Sizes are bytes. */

export interface HostFacts {
  hostUuid: string
  hostname: string
  architecture: string
  cpuModel: string
  cpuCount: number
  cpuMhz: number
  cpuFeatures: string[]
  machineTypes: string[]
  memoryBytes: number
  memoryFreeBytes: number
  libvirtVersion: string
  hypervisorVersion: string
  /** What the host claims; `proveAccelerator` proves it */
  kvmOffered: boolean
  simulated: boolean
  devices: HostDeviceFacts[]
}

export interface HostDeviceFacts {
  name: string
  kind: string
  vendor: string | null
  product: string | null
  driver: string | null
  parent: string | null
}

export type VmPowerState = 'running' | 'paused' | 'shutting_down' | 'off' | 'crashed' | 'sleeping'

export interface VmFacts {
  uuid: string
  name: string
  notes: string
  state: VmPowerState
  /** The hypervisor's reason, in words: "booted", "migrated", "destroyed" … */
  stateReason: string
  /** True at the destination while a migration comes in: not this host's VM yet */
  incoming: boolean
  vcpuCount: number
  memoryBytes: number
  architecture: string
  machineType: string
  cpuMode: string | null
  accelerator: 'kvm' | 'emulation'
  persistent: boolean
  autostart: boolean
  agentConnected: boolean
  /** Parents before their children */
  snapshots: SnapshotFacts[]
  disks: DiskFacts[]
  interfaces: InterfaceFacts[]
  graphics: GraphicsFacts[]
  xml: string
  /** While it runs, the definition that its next start will use; null where that is `xml`, or none; undefined: not asked */
  nextXml: string | null | undefined
}

export interface SnapshotFacts {
  name: string
  parent: string | null
  description: string
  /** ISO 8601 */
  takenAt: string
  /** What the VM is now began from it */
  current: boolean
  /** The VM's state then, to which reverting leads */
  state: VmPowerState
  withMemory: boolean
  /** Inside the disks' own files, or as files that later writes go to instead */
  storage: 'internal' | 'external'
  /** Disks of which it holds something, as vda */
  targets: string[]
  /** The disks as they were then, where later writes go to other files that stand on these */
  baseDisks: DiskFacts[]
  /** Those other files, as they were called when it was taken */
  madeFiles: { target: string; path: string }[]
  /** Where the memory lies in a file of its own, which Skerry has none do */
  memoryFile: string | null
  mark: SnapshotMark
}

/** What Skerry notes down within the snapshot itself, so that it goes wherever the snapshot goes. */
export interface SnapshotMark {
  /** The operation that took it */
  operationId?: string
  /** The schedule it was taken for */
  scheduleId?: string
  /** The guest's file systems were frozen for the instant */
  quiesced?: boolean
}

/** What came of freezing a guest's file systems for an instant. */
export interface Freeze {
  /** How many stood still; 0 where the guest has none that can */
  fileSystems: number
  /** Why they did not, in words for everybody; null when nothing went wrong */
  problem: string | null
  /** What the hypervisor said of it, for operators */
  detail?: string | undefined
}

/** A snapshot as another host can take it up. */
export interface SnapshotDefinition {
  name: string
  xml: string
  current: boolean
}

export interface DiskFacts {
  target: string
  bus: string
  device: 'disk' | 'cdrom' | 'floppy' | 'lun'
  kind: 'file' | 'block' | 'network' | 'volume' | 'none'
  source: string | null
  format: string | null
  poolName: string | null
  volumeName: string | null
  backingPath: string | null
  capacityBytes: number
  allocationBytes: number
  readOnly: boolean
  shareable: boolean
}

export interface InterfaceFacts {
  mac: string
  model: string | null
  networkName: string | null
  bridge: string | null
  device: string | null
  linkUp: boolean
}

export interface GraphicsFacts {
  kind: 'vnc' | 'spice' | 'other'
  address: string | null
  port: number | null
  websocketPort: number | null
  hasPassword: boolean
}

/** Counters since start, for rates; the reader subtracts. */
export interface VmReading {
  uuid: string
  state: VmPowerState
  /** Nanoseconds of CPU time */
  cpuTimeNs: bigint
  memoryBytes: number
  memoryUsedBytes: number | null
  diskReadBytes: number
  diskWrittenBytes: number
  diskReads: number
  diskWrites: number
  networkReceivedBytes: number
  networkTransmittedBytes: number
  disks: { target: string; capacityBytes: number; allocationBytes: number }[]
}

/** How fast a VM changes its memory. */
export interface DirtyRate {
  bytesPerSecond: number
  measuredMs: number
}

export interface StoragePoolFacts {
  name: string
  kind: string
  path: string | null
  active: boolean
  capacityBytes: number
  allocationBytes: number
  availableBytes: number
  /** Equal on two hosts that see the same bytes; null when local */
  sharedKey: string | null
  volumes: VolumeFacts[]
}

export interface VolumeFacts {
  name: string
  path: string
  format: string | null
  capacityBytes: number
  allocationBytes: number
  backingPath: string | null
}

export interface FoundVolume extends VolumeFacts {
  pool: string
  /** Of a file alone */
  modifiedAtMs: number | null
  /** As what it reads the file that it stands on */
  backingFormat: string | null
}

export interface NetworkFacts {
  name: string
  mode: string
  bridge: string | null
  cidr: string | null
  active: boolean
  autostart: boolean
}

/** An instant from which on the hypervisor marks what changes on the disks. */
export interface CheckpointFacts {
  name: string
  parent: string | null
  /** ISO 8601 */
  takenAt: string
  /** Targets (vda …) of the disks with marks */
  disks: string[]
  /** What `importCheckpoints` needs */
  xml: string
}
