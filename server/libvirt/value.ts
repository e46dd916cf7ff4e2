/** Numbers that libvirt answers with, by what they say. */

export const domainState = {
  none: 0,
  running: 1,
  blocked: 2,
  paused: 3,
  shuttingDown: 4,
  shutOff: 5,
  crashed: 6,
  suspended: 7,
} as const

/** Why a domain is in its state; each state counts from 0 again. */
export const runningReason = {
  unknown: 0,
  booted: 1,
  migrated: 2,
  restored: 3,
  fromSnapshot: 4,
  resumed: 5,
  migrationCancelled: 6,
  saveCancelled: 7,
  wokenUp: 8,
  crashed: 9,
  postCopy: 10,
  postCopyFailed: 11,
} as const
export const pausedReason = {
  unknown: 0,
  user: 1,
  migration: 2,
  save: 3,
  dump: 4,
  ioError: 5,
  watchdog: 6,
  fromSnapshot: 7,
  shuttingDown: 8,
  snapshot: 9,
  crashed: 10,
  startingUp: 11,
  postCopy: 12,
  postCopyFailed: 13,
} as const
export const shutOffReason = {
  unknown: 0,
  shutDown: 1,
  destroyed: 2,
  crashed: 3,
  migrated: 4,
  saved: 5,
  failed: 6,
  fromSnapshot: 7,
  daemon: 8,
} as const

export const lifecycleEvent = {
  defined: 0,
  undefined: 1,
  started: 2,
  suspended: 3,
  resumed: 4,
  stopped: 5,
  shutDown: 6,
  pmSuspended: 7,
  crashed: 8,
} as const
export const definedDetail = { added: 0, updated: 1, renamed: 2, fromSnapshot: 3 } as const
export const stoppedDetail = {
  shutDown: 0,
  destroyed: 1,
  crashed: 2,
  migrated: 3,
  saved: 4,
  failed: 5,
  fromSnapshot: 6,
} as const
export const networkEvent = { defined: 0, undefined: 1, started: 2, stopped: 3 } as const
export const poolEvent = { defined: 0, undefined: 1, started: 2, stopped: 3, created: 4, deleted: 5 } as const
export const nodeDeviceEvent = { created: 0, deleted: 1, defined: 2, undefined: 3 } as const
export const watchdogAction = {
  none: 0,
  pause: 1,
  reset: 2,
  powerOff: 3,
  shutDown: 4,
  debug: 5,
  injectNmi: 6,
} as const
export const ioErrorAction = { none: 0, pause: 1, report: 2 } as const
export const agentState = { connected: 1, disconnected: 2 } as const

export const jobType = { none: 0, bounded: 1, unbounded: 2, completed: 3, failed: 4, cancelled: 5 } as const
export const blockJobType = { unknown: 0, pull: 1, copy: 2, commit: 3, activeCommit: 4, backup: 5 } as const
export const blockJobStatus = { completed: 0, failed: 1, cancelled: 2, ready: 3 } as const
export const poolState = { inactive: 0, building: 1, running: 2, degraded: 3, inaccessible: 4 } as const

/** Arguments that are one of several rather than bits. */
export const metadataType = { description: 0, title: 1, element: 2 } as const
export const addressSource = { lease: 0, agent: 1, arp: 2 } as const
export const keyCodeSet = { linux: 0, xt: 1, atSet1: 2, usb: 7, qnum: 9 } as const
export const memoryStat = {
  swapIn: 0,
  swapOut: 1,
  majorFault: 2,
  minorFault: 3,
  unused: 4,
  available: 5,
  actualBalloon: 6,
  rss: 7,
  usable: 8,
  lastUpdate: 9,
  diskCaches: 10,
} as const

/** Names of the typed parameters of a migration; bandwidths are MiB/s as bigint, ports and counts plain numbers. */
export const migrateParam = {
  destinationName: 'destination_name',
  destinationXml: 'destination_xml',
  persistentXml: 'persistent_xml',
  uri: 'migrate_uri',
  graphicsUri: 'graphics_uri',
  listenAddress: 'listen_address',
  bandwidth: 'bandwidth',
  postCopyBandwidth: 'bandwidth.postcopy',
  disks: 'migrate_disks',
  disksPort: 'disks_port',
  disksUri: 'disks_uri',
  compression: 'compression',
  parallelConnections: 'parallel.connections',
  tlsDestination: 'tls.destination',
  autoConvergeInitial: 'auto_converge.initial',
  autoConvergeIncrement: 'auto_converge.increment',
} as const
