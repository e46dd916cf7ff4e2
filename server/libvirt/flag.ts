/** Bits that calls take, by what they are for. Left out means none of them. */

/** Where a change of a domain lands; for devices, vCPUs, memory, metadata and tuning alike. */
export const affect = { current: 0, live: 1, config: 2 } as const
export const deviceFlag = { ...affect, force: 4 } as const
export const vcpuFlag = { ...affect, maximum: 4, guest: 8, hotpluggable: 16 } as const
export const memoryFlag = { ...affect, maximum: 4 } as const

export const listDomainFlag = {
  active: 1,
  inactive: 2,
  persistent: 4,
  transient: 8,
  running: 16,
  paused: 32,
  shutOff: 64,
  other: 128,
  withManagedSave: 256,
  autostart: 1024,
  withSnapshot: 4096,
  withCheckpoint: 16384,
} as const

/** Groups of `connectGetAllDomainStats`. */
export const statsGroup = {
  state: 1,
  cpu: 2,
  balloon: 4,
  vcpu: 8,
  interface: 16,
  block: 32,
  perf: 64,
  ioThread: 128,
  memory: 256,
  dirtyRate: 512,
  vm: 1024,
} as const
export const statsFlag = { noWait: 1 << 29, backingChain: 1 << 30 } as const

export const defineFlag = { validate: 1 } as const
export const createFlag = { paused: 1, bypassCache: 4, forceBoot: 8, validate: 16, resetNvram: 32 } as const
export const shutdownFlag = { acpi: 1, agent: 2, initctl: 4, signal: 8 } as const
export const destroyFlag = { graceful: 1 } as const
export const undefineFlag = {
  managedSave: 1,
  snapshotMetadata: 2,
  nvram: 4,
  keepNvram: 8,
  checkpointMetadata: 16,
  tpm: 32,
  keepTpm: 64,
} as const
export const xmlFlag = { secure: 1, inactive: 2, updateCpu: 4, migratable: 8 } as const
export const saveFlag = { bypassCache: 1, running: 2, paused: 4, resetNvram: 8 } as const
export const consoleFlag = { force: 1, safe: 2 } as const

export const guestInfo = {
  users: 1,
  os: 2,
  timezone: 4,
  hostname: 8,
  fileSystem: 16,
  disks: 32,
  interfaces: 64,
  load: 128,
} as const

export const blockResizeFlag = { bytes: 1, capacity: 2 } as const
export const blockCopyFlag = { shallow: 1, reuseExternal: 2, transientJob: 4, synchronousWrites: 8 } as const
export const blockCommitFlag = { shallow: 1, delete: 2, active: 4, relative: 8, bandwidthBytes: 16 } as const
export const blockPullFlag = { bandwidthBytes: 64 } as const
export const blockJobAbortFlag = { async: 1, pivot: 2 } as const

export const migrateFlag = {
  live: 1,
  peerToPeer: 2,
  tunnelled: 4,
  persistDestination: 8,
  undefineSource: 16,
  paused: 32,
  copyDisks: 64,
  copyDisksIncrementally: 128,
  changeProtection: 256,
  unsafe: 512,
  offline: 1024,
  compressed: 2048,
  abortOnError: 4096,
  autoConverge: 8192,
  postCopy: 32768,
  tls: 65536,
  parallel: 1 << 17,
  synchronousWrites: 1 << 18,
  postCopyResume: 1 << 19,
  zeroCopy: 1 << 20,
} as const
export const jobStatsFlag = { completed: 1, keepCompleted: 2 } as const
export const abortJobFlag = { postCopy: 1 } as const

export const snapshotCreateFlag = {
  redefine: 1,
  current: 2,
  noMetadata: 4,
  halt: 8,
  diskOnly: 16,
  reuseExternal: 32,
  quiesce: 64,
  atomic: 128,
  live: 256,
  validate: 512,
} as const
export const snapshotRevertFlag = { running: 1, paused: 2, force: 4, resetNvram: 8 } as const
/** For checkpoints too. */
export const snapshotDeleteFlag = { children: 1, metadataOnly: 2, childrenOnly: 4 } as const
/** `descendants` is the same bit, for lists of children. */
export const snapshotListFlag = { roots: 1, descendants: 1, topological: 1024 } as const
export const checkpointListFlag = { roots: 1, descendants: 1, topological: 2 } as const
export const checkpointXmlFlag = { secure: 1, noDomain: 2, size: 4 } as const
export const checkpointCreateFlag = { redefine: 1, quiesce: 2, redefineValidate: 4 } as const
export const backupFlag = { reuseExternal: 1 } as const

export const listPoolFlag = { inactive: 1, active: 2, persistent: 4, transient: 8 } as const
export const poolBuildFlag = { repair: 1, resize: 2, noOverwrite: 4, overwrite: 8 } as const
export const volumeCreateFlag = { preallocateMetadata: 1, reflink: 2, validate: 4 } as const
export const volumeResizeFlag = { allocate: 1, delta: 2, shrink: 4 } as const
export const listDeviceFlag = {
  system: 1,
  pci: 2,
  usbDevice: 4,
  usbInterface: 8,
  net: 16,
  scsiHost: 32,
  storage: 256,
  drm: 4096,
  mdevTypes: 8192,
  mdev: 16384,
} as const
