/**
 * What Skerry needs of a hypervisor, in Skerry's words. `hypervisor/libvirt` is its implementation; nothing outside
 * `hypervisor/` knows libvirt. Sizes are bytes, times milliseconds. Every call takes a limit and an abort signal;
 * failures are SkerryErrors: `unavailable` when the host can't be asked, `OutcomeUnknown` when a change was sent and
 * not answered. Their messages are Skerry's words; what the hypervisor said is their detail.
 */

import type { BackupExports, BackupPlan, OpenDisksPlan } from './backup-plan.ts'
import type { DiskCopyReading } from './disk-copy.ts'
import type {
  CheckpointFacts,
  DirtyRate,
  FoundVolume,
  Freeze,
  HostFacts,
  NetworkFacts,
  SnapshotDefinition,
  SnapshotFacts,
  StoragePoolFacts,
  VmFacts,
  VmReading,
} from './facts.ts'
import type { HostEvent, JobReading } from './host-event.ts'
import type { OpenedPort, ReachedSocket } from './lead.ts'
import type { MigrationPlan } from './migration-plan.ts'

export interface CallOptions {
  timeoutMs?: number
  signal?: AbortSignal
}

export interface VmOptions extends CallOptions {
  /** Also `nextXml`, which costs a call more for each VM that runs */
  withNext?: boolean
}

export interface FingerprintRequest {
  uuid: string
  /** It runs, and has a definition for its next start */
  hasNext: boolean
}

/** Volumes of such names come and go, to find out which hosts share storage; they are never listed. */
export const probeVolumePrefix = 'skerry-probe-'

/** A change was sent, the connection was lost before the answer: read both sides again, never repeat blindly. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown'
}

export type ConnectionState =
  | { state: 'connecting' }
  | { state: 'connected' }
  /** `detail` is for operators: where it was looked for and what was said there */
  | { state: 'unreachable'; reason: string; wayOut?: string; detail?: string }

export interface HostAddress {
  /** qemu:///system?socket=/path, qemu+tls://host[:port]/system, qemu+ssh://user@host[:port]/system, test:///default?socket=… */
  uri: string
  credential?: HostCredential
  /** The host's name, for messages */
  name?: string
}

/** Kept sealed in the database; opened only in the worker. PEM texts. */
export interface HostCredential {
  tls?: { authority: string; certificate: string; key: string }
  ssh?: { key: string; knownHosts: string }
}

export type Power =
  | { action: 'start'; paused?: boolean }
  | { action: 'shutdown'; by: 'agent' | 'acpi' }
  | { action: 'reboot'; by: 'agent' | 'acpi' }
  | { action: 'reset' }
  | { action: 'suspend' }
  | { action: 'resume' }
  | { action: 'force-off' }

export interface ConsoleReading {
  bytes: AsyncIterable<Uint8Array>
  close(): void
}

export interface EditResult {
  /** The running VM has it already; false where it is off or gets it at its next start */
  live: boolean
}

/** One connection's worth of a host: control calls on one socket, long jobs on their own. */
export interface HypervisorHost {
  readonly address: HostAddress

  connection(): ConnectionState
  /** Called at once with the present state and at every change. Returns the unsubscribe. */
  onConnection(listener: (state: ConnectionState) => void): () => void
  onEvent(listener: (event: HostEvent) => void): () => void
  close(): Promise<void>

  // ── reading ──
  facts(options?: CallOptions): Promise<HostFacts>
  /** Every VM, defined or running, with disks, interfaces, graphics; `onSome` gets them as they come, some at a time. */
  listVms(options?: VmOptions & { onSome?: (vms: VmFacts[]) => void }): Promise<VmFacts[]>
  /**
   * `nextXml` of VMs that run, some at a time, for those that were listed without: so a long list is there sooner. VMs
   * that are gone are left out.
   */
  readNextXmls(
    vms: readonly string[],
    onSome: (xmls: ReadonlyMap<string, string>) => void,
    options?: CallOptions,
  ): Promise<void>
  /** @returns null when this host has no such VM */
  readVm(vm: string, options?: VmOptions): Promise<VmFacts | null>
  /**
   * What of a VM can change without an event, as a short text that equals `fingerprintOf` its facts, `withNext`, while
   * nothing did. VMs that are gone are left out.
   */
  fingerprints(vms: readonly FingerprintRequest[], options?: CallOptions): Promise<Map<string, string>>
  /** Guest addresses by interface MAC, from the guest agent or the host's leases. */
  readAddresses(vm: string, options?: CallOptions): Promise<Map<string, string[]>>
  /** Cheap bulk counters of all running VMs. */
  readings(options?: CallOptions): Promise<VmReading[]>
  listStoragePools(options?: CallOptions): Promise<StoragePoolFacts[]>
  listNetworks(options?: CallOptions): Promise<NetworkFacts[]>
  /** 0..1 of all CPUs since the last call, and free memory. */
  load(options?: CallOptions): Promise<{ cpuUsage: number | null; memoryFreeBytes: number }>
  /** Milliseconds from a question that costs the host nothing to its answer, over the connection as it is now. */
  roundTripMs(options?: CallOptions): Promise<number>
  /** The VM's definition; `secure` includes secrets, `inactive` what the next start will use. */
  readXml(
    vm: string,
    options?: CallOptions & { secure?: boolean; inactive?: boolean; migratable?: boolean },
  ): Promise<string>
  /** Starts a throw-away guest to prove that the accelerator runs guests. */
  proveAccelerator(options?: CallOptions): Promise<{ accelerator: 'kvm' | 'emulation'; reason: string }>

  // ── definition ──
  /** Defines or redefines; libvirt validates. @throws invalid with the hypervisor's reason */
  define(xml: string, options?: CallOptions): Promise<void>
  /** Removes the definition (not the disks), with snapshot and checkpoint metadata and saved state. Absent is fine. */
  undefine(vm: string, options?: CallOptions): Promise<void>
  power(vm: string, power: Power, options?: CallOptions): Promise<void>
  setAutostart(vm: string, autostart: boolean, options?: CallOptions): Promise<void>
  setVcpus(vm: string, count: number, options?: CallOptions): Promise<EditResult>
  setMemory(vm: string, bytes: number, options?: CallOptions): Promise<EditResult>
  setNameAndNotes(vm: string, name: string, notes: string, options?: CallOptions): Promise<void>
  attachDevice(vm: string, deviceXml: string, options?: CallOptions): Promise<EditResult>
  detachDevice(vm: string, deviceXml: string, options?: CallOptions): Promise<EditResult>
  resizeDisk(vm: string, target: string, bytes: number, options?: CallOptions): Promise<EditResult>

  // ── storage ──
  createVolume(
    pool: string,
    volume: {
      name: string
      format: 'qcow2' | 'raw'
      capacityBytes: number
      backing?: { path: string; format: string }
    },
    options?: CallOptions,
  ): Promise<{ path: string }>
  /** A full copy of a volume of the same host. */
  copyVolume(
    source: { pool: string; name: string },
    destination: { pool: string; name: string; format: 'qcow2' | 'raw' },
    options?: CallOptions,
  ): Promise<{ path: string }>
  resizeVolume(pool: string, name: string, capacityBytes: number, options?: CallOptions): Promise<void>
  /** `totalBytes` null: until the bytes end. */
  uploadVolume(
    pool: string,
    name: string,
    bytes: AsyncIterable<Uint8Array>,
    totalBytes: number | null,
    options?: CallOptions,
  ): Promise<void>
  /** The volume's own bytes (a qcow2 as the file it is), in order; nobody may write to it meanwhile. */
  downloadVolume(
    pool: string,
    name: string,
    options?: CallOptions & { lengthBytes?: number },
  ): AsyncIterable<Uint8Array>
  /** Absent is fine. */
  deleteVolume(pool: string, name: string, options?: CallOptions): Promise<void>
  /** By its path on the host, or by its pool. @returns null when no pool has it */
  findVolume(at: string | { pool: string; name: string }, options?: CallOptions): Promise<FoundVolume | null>
  refreshPool(pool: string, options?: CallOptions): Promise<void>

  // ── snapshots ──
  /** Parents before their children. */
  listSnapshots(vm: string, options?: CallOptions): Promise<SnapshotFacts[]>
  /**
   * Inside its disks one of a VM that runs holds its memory too, and the VM stands still while that is saved; beside
   * them later writes go to new files. `quiesce` has the guest agent freeze the guest's file systems for the instant,
   * where it can; only beside them and while it runs.
   */
  takeSnapshot(
    vm: string,
    snapshot: Pick<SnapshotFacts, 'name' | 'description' | 'storage' | 'mark'> & { quiesce: boolean },
    options?: CallOptions,
  ): Promise<void>
  /** The VM is then in the state it was in; what happened since is lost. */
  revertToSnapshot(vm: string, name: string, options?: CallOptions): Promise<void>
  /** Those taken after it stay; absent is fine. */
  deleteSnapshot(vm: string, name: string, options?: CallOptions): Promise<void>
  /** What another host needs to know them; parents before their children. */
  exportSnapshots(vm: string, options?: CallOptions): Promise<SnapshotDefinition[]>
  /** The host forgets that there are snapshots; what is in the disks stays. */
  forgetSnapshots(vm: string, options?: CallOptions): Promise<void>
  /** Takes up what `exportSnapshots` gave; those that are known already stay. */
  importSnapshots(vm: string, snapshots: readonly SnapshotDefinition[], options?: CallOptions): Promise<void>

  // ── writing disks ──
  /**
   * Offers disks that no VM has open for writing, by NBD, until they are closed or the connection to the host is lost.
   * @throws conflict when somebody has one of them open
   */
  openDisks(plan: OpenDisksPlan, options?: CallOptions): Promise<BackupExports>
  /** Everything written is then in their files. Closed ones are fine. */
  closeDisks(holder: string, options?: CallOptions): Promise<void>
  /**
   * Leads to a socket on the host until it is closed, or this process ends. Whether somebody listens there shows at the
   * first connection. @throws unsupported for hosts whose sockets can't be reached
   */
  reachSocket(path: string, options?: CallOptions): Promise<ReachedSocket>

  /**
   * Has a port of the host's own loopback lead to a socket on this machine, until it is closed, the link is lost or this
   * process ends. @throws unsupported for hosts that are not reached through ssh
   */
  openPort(port: number, socketPath: string, options?: CallOptions): Promise<OpenedPort>

  // ── copying disks of running VMs ──
  /**
   * Begins to copy a disk, with all that it reads of others, into a qcow2 of the same size that is there already. What the
   * guest writes meanwhile goes into both. @throws conflict while the VM is off, or a job works on the disk
   */
  beginDiskCopy(vm: string, target: string, path: string, options?: CallOptions): Promise<void>
  /** `copy` is null when none is made: it ended, broke off, or went with the VM that was switched off. */
  readDiskCopy(vm: string, target: string, options?: CallOptions): Promise<DiskCopyReading>
  /** The VM goes over to the copy, which is ready, also for its next start; the old file is then nobody's. */
  switchToDiskCopy(vm: string, target: string, options?: CallOptions): Promise<void>
  /** The VM stays on what it has, and what was copied is good for nothing. Without one into that path it does nothing. */
  abortDiskCopy(vm: string, target: string, path: string, options?: CallOptions): Promise<void>

  // ── moving ──
  /** Resolves when the VM runs at the destination and is gone here. Holds a job connection meanwhile. */
  migrate(vm: string, plan: MigrationPlan, options?: CallOptions): Promise<void>
  readJob(vm: string, options?: CallOptions): Promise<JobReading>
  readCompletedJob(vm: string, options?: CallOptions): Promise<JobReading | null>
  abortJob(vm: string, options?: CallOptions): Promise<void>
  switchToPostCopy(vm: string, options?: CallOptions): Promise<void>
  setMigrationLimits(
    vm: string,
    limits: { bandwidthBytesPerSecond?: number; maxDowntimeMs?: number },
    options?: CallOptions,
  ): Promise<void>
  measureDirtyRate(vm: string, measureMs: number, options?: CallOptions): Promise<DirtyRate>
  /** Writes its memory to a file of the host and ends its process. It can be broken off with `abortJob`: then it goes on. */
  saveMemory(vm: string, path: string, options?: CallOptions): Promise<void>
  /** @returns null for a file that is none, or not whole */
  readSavedMemory(path: string, options?: CallOptions): Promise<Pick<VmFacts, 'uuid' | 'disks' | 'xml'> | null>
  /** Whether saving a memory to this file was broken off, or never began: nothing can go on from it. */
  isSaveBrokenOff(file: { pool: string; name: string }, options?: CallOptions): Promise<boolean>
  /** It goes on where it was saved, or stands there `paused`. `xml`: its definition with what differs on this host */
  restoreMemory(path: string, how?: { xml?: string; paused?: boolean }, options?: CallOptions): Promise<void>

  // ── backup ──
  /** @throws conflict when the VM is off or something else works on it, or when the marks since `since` are lost */
  beginBackup(vm: string, plan: BackupPlan, options?: CallOptions): Promise<BackupExports & { freeze: Freeze | null }>
  /** @returns null when none goes on */
  readBackup(vm: string, options?: CallOptions): Promise<BackupExports | null>
  /** Whoever reads it is cut off; its checkpoint stays. None going on is fine. */
  endBackup(vm: string, options?: CallOptions): Promise<void>
  /** Parents before children. */
  listCheckpoints(vm: string, options?: CallOptions): Promise<CheckpointFacts[]>
  /** Bytes of each disk that are marked as changed since a checkpoint; null while it is off, or when there are no marks */
  changedSince(vm: string, checkpoint: string, options?: CallOptions): Promise<Map<string, number> | null>
  /** Tells a host about checkpoints whose marks came with the disks, as after a move. Those it knows are left. */
  importCheckpoints(vm: string, checkpoints: readonly CheckpointFacts[], options?: CallOptions): Promise<void>
  /** Its marks go into those of its parent. Absent is fine. `metadataOnly` leaves the marks on the disk. */
  deleteCheckpoint(vm: string, name: string, options?: CallOptions & { metadataOnly?: boolean }): Promise<void>

  // ── guest ──
  agentPing(vm: string, options?: CallOptions): Promise<boolean>
  /** Asks the guest agent to do something; its answer as it came. @throws unavailable when it does not answer */
  agentCommand(vm: string, command: { execute: string; arguments?: object }, options?: CallOptions): Promise<unknown>
  /** Nothing is written in the guest until `thaw`, which must follow. @returns how many file systems */
  freezeFileSystems(vm: string, options?: CallOptions): Promise<number>
  thawFileSystems(vm: string, options?: CallOptions): Promise<number>
  /** What the VM says on its first serial console from now on; whoever else listened is cut off. Close it. */
  openConsole(vm: string, options?: CallOptions): Promise<ConsoleReading>
  /** PNG or PPM of the VM's screen. */
  screenshot(vm: string, options?: CallOptions): Promise<{ mimeType: string; bytes: Uint8Array }>
}

/** Opens and keeps a host's connections; reconnects by itself until closed. */
export interface HypervisorDriver {
  open(address: HostAddress): HypervisorHost
  /** One attempt, each stage told apart: reach, TLS or ssh, permission, hypervisor. @throws SkerryError with the way out */
  test(address: HostAddress, options?: CallOptions): Promise<HostFacts>
}
