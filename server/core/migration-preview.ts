import type { VmState } from '#server/schema/vm.ts'
import { vmRule } from '#server/schema/vm-rule.ts'
import { beneathWarnings, type MovingFile, withBeneath } from './migration-chain.ts'
import { type Estimate, estimateMigration } from './migration-estimate.ts'
import { networkReasons, networkWarnings } from './migration-network.ts'
import { type MoveWay, memoryPool, moveWay, savedReasons } from './migration-saved.ts'
import { isSent, type Judged, moveOf, sentAheadBytes, storageReasons } from './migration-storage.ts'
import { suspendedReasons } from './migration-suspended.ts'
import type { GrantedNetworks } from './network-grant.ts'
import { sizeText } from './size-text.ts'
import { some } from './some-names.ts'
import { isOlder } from './version.ts'

/** What moves. Sizes in bytes. */
export interface MovingVm {
  /** The recovery point that it shares blocks with */
  standsOnId?: string | null
  name: string
  hostId: string
  state: VmState
  /** Defined also while it is off */
  persistent: boolean
  vcpuCount: number
  memoryBytes: number
  architecture: string
  machineType: string | null
  cpuMode: string | null
  accelerator: 'kvm' | 'emulation' | 'unknown'
  snapshots: readonly { storage: string }[]
  /** Devices of the host itself that are handed to the guest */
  localDevices: number
  dirtyBytesPerSecond: number | null
  disks: readonly MovingDisk[]
  /** Names of the networks and bridges its cards are on */
  networks: readonly string[]
  bridges: readonly string[]
  /** What its tenant may use */
  grantedNetworks: GrantedNetworks
}

export interface MovingDisk {
  target: string
  device: string
  source: string | null
  poolName: string | null
  volumeName: string | null
  format: string | null
  backingPath: string | null
  capacityBytes: number
  allocationBytes: number
  readOnly: boolean
  shareable: boolean
  /** What it stands on, and where snapshots lie in other files, those too with what they stand on. Of a VM with snapshots */
  beneath?: readonly MovingFile[]
}

export interface CandidatePool {
  name: string
  /** As libvirt names it: dir, netfs, logical … */
  kind: string
  path: string | null
  active: boolean
  availableBytes: number
  sharedKey: string | null
}

/** A host as a possible destination. Reserved is what live operations hold, promised what its VMs have. */
export interface Candidate {
  id: string
  name: string
  siteId: string
  state: 'connecting' | 'connected' | 'unreachable'
  draining: boolean
  simulated: boolean
  accelerator: 'kvm' | 'emulation' | 'unknown'
  architecture: string | null
  cpuModel: string | null
  cpuFeatures: readonly string[]
  machineTypes: readonly string[]
  cpuCount: number
  memoryFreeBytes: number
  reservedMemoryBytes: number
  reservedVcpus: number
  promisedVcpus: number
  libvirtVersion: string | null
  hypervisorVersion: string | null
  migrationUri: string | null
  pools: readonly CandidatePool[]
  networks: readonly { name: string; mode: string; bridge: string | null; active: boolean }[]
  /** Paths of files that are there, of those the VM reads from */
  presentPaths: readonly string[]
}

/** The path between two hosts; null where never measured. */
export interface PathFacts {
  bitsPerSecond: number | null
  roundTripMs: number | null
}

/** shared: both hosts see it; copied: sent while it moves; uploaded: read-only, sent ahead; present: there already */
export interface DiskMove {
  target: string
  mode: 'shared' | 'copied' | 'uploaded' | 'present' | 'empty'
  poolName: string | null
  /** With what comes along beneath it */
  bytes: number
  /** The files that are copied with it, because its snapshots need them; they go first */
  beneath?: { path: string; bytes: number }[]
}

export interface CandidateVerdict {
  hostId: string
  eligible: boolean
  way: MoveWay
  /** Why not, each in a sentence */
  reasons: string[]
  /** What a person should know though it can move */
  warnings: string[]
  disks: DiskMove[]
  copiedBytes: number
  /** The pool of both hosts that its memory is saved into, when that is the way */
  memoryPool: string | null
  estimate: Estimate | null
  bytesPerSecond: number
  /** True when nobody has measured the link, so that `bytesPerSecond` is an assumption */
  bandwidthAssumed: boolean
}

/** 1 Gbit/s, of which nine tenths carry payload */
export const assumedBytesPerSecond = (1_000_000_000 / 8) * 0.9
/** Virtual CPUs a physical one may carry */
export const vcpusPerCpu = 8

/** Judges one host as a destination. Every obstacle is named, not the first alone. */
export function judgeCandidate(vm: MovingVm, source: Candidate, to: Candidate, path: PathFacts): CandidateVerdict {
  const alone = vm.disks.map((disk) => moveOf(disk, source, to))
  const disks = withBeneath(vm, alone, source, to)
  const way = moveWay(vm, disks)
  const memoryIn = way === 'saved' ? memoryPool(disks, source, to) : null
  const reasons = [
    ...placeReasons(vm, source, to),
    ...capacityReasons(vm, to),
    ...machineReasons(vm, source, to),
    ...networkReasons(vm, source, to),
    ...storageReasons(vm, disks, to, memoryIn),
    ...savedReasons(vm, disks, source, to),
    ...suspendedReasons(vm, disks, to),
  ]
  const copiedBytes = disks.reduce((sum, { move }) => sum + (isSent(move) ? move.bytes : 0), 0)
  const measured = path.bitsPerSecond
  const bytesPerSecond = measured && measured > 0 ? measured / 8 : assumedBytesPerSecond
  const eligible = reasons.length === 0
  const estimate = estimateMigration({
    way,
    memoryBytes: vm.memoryBytes,
    copiedDiskBytes: copiedBytes,
    sentAheadBytes: disks.reduce((sum, { move }) => sum + sentAheadBytes(move), 0),
    dirtyBytesPerSecond: vm.state === 'paused' ? 0 : vm.dirtyBytesPerSecond,
    bytesPerSecond,
    roundTripMs: path.roundTripMs ?? 1,
  })
  return {
    hostId: to.id,
    eligible,
    way,
    reasons,
    warnings: eligible ? warningsOf(vm, source, to, disks) : [],
    disks: disks.map(({ move }) => move),
    copiedBytes,
    memoryPool: memoryIn,
    estimate: eligible ? estimate : null,
    bytesPerSecond,
    bandwidthAssumed: !measured,
  }
}

function placeReasons(vm: MovingVm, source: Candidate, to: Candidate): string[] {
  if (to.id === vm.hostId) return ['It runs here already.']
  const reasons: string[] = []
  const ruling = vmRule({ state: vm.state, standsOnId: vm.standsOnId ?? null }, 'migrate')
  if (ruling !== true) reasons.push(ruling)
  if (to.state !== 'connected') reasons.push('The host can’t be reached.')
  if (source.state !== 'connected') reasons.push(`Its present host ${source.name} can’t be reached.`)
  if (to.draining) reasons.push('The host is being drained and takes no VMs.')
  if (to.simulated !== source.simulated) reasons.push('One of the two hosts is simulated, the other is real.')
  if (!to.migrationUri) reasons.push('The host has no address that other hosts reach it under.')
  return reasons
}

export function capacityReasons(vm: MovingVm, to: Candidate): string[] {
  const reasons: string[] = []
  const free = to.memoryFreeBytes - to.reservedMemoryBytes
  if (vm.state !== 'off' && free < vm.memoryBytes) {
    reasons.push(`Not enough memory: it needs ${sizeText(vm.memoryBytes)}, ${sizeText(Math.max(0, free))} are free.`)
  }
  if (vm.vcpuCount > to.cpuCount) {
    reasons.push(`Too few CPUs: it has ${vm.vcpuCount} vCPUs, the host ${to.cpuCount} CPUs.`)
  } else if (to.promisedVcpus + to.reservedVcpus + vm.vcpuCount > to.cpuCount * vcpusPerCpu) {
    reasons.push(`The host’s CPUs are promised ${vcpusPerCpu} times over already.`)
  }
  return reasons
}

export function machineReasons(vm: MovingVm, source: Candidate, to: Candidate): string[] {
  const reasons: string[] = []
  if (to.architecture && to.architecture !== vm.architecture) {
    reasons.push(`Another architecture: the VM is ${vm.architecture}, the host ${to.architecture}.`)
  }
  if (vm.machineType && to.machineTypes.length > 0 && !to.machineTypes.includes(vm.machineType)) {
    reasons.push(`The host’s hypervisor does not know the machine type ${vm.machineType}.`)
  }
  if (vm.accelerator === 'kvm' && to.accelerator === 'emulation') {
    reasons.push('The VM uses hardware virtualisation, which the host does not have.')
  }
  if (vm.accelerator === 'kvm' && vm.cpuMode === 'host-passthrough' && to.cpuModel !== source.cpuModel) {
    reasons.push(`The VM uses the host’s CPU as it is (${source.cpuModel}); this host’s is another (${to.cpuModel}).`)
  } else if (vm.accelerator === 'kvm' && vm.cpuMode === 'host-model') {
    const missing = source.cpuFeatures.filter((feature) => !to.cpuFeatures.includes(feature))
    if (missing.length > 0) reasons.push(`The host’s CPU lacks: ${some(missing)}.`)
  }
  if (vm.localDevices > 0) reasons.push('It uses a device of its host (passed through).')
  if (isOlder(to.hypervisorVersion, source.hypervisorVersion)) {
    reasons.push(`Its hypervisor ${to.hypervisorVersion} is older than ${source.hypervisorVersion} on ${source.name}.`)
  } else if (isOlder(to.libvirtVersion, source.libvirtVersion)) {
    reasons.push(`Its libvirt ${to.libvirtVersion} is older than ${source.libvirtVersion} on ${source.name}.`)
  }
  return reasons
}

function warningsOf(vm: MovingVm, source: Candidate, to: Candidate, disks: readonly Judged[]): string[] {
  const warnings: string[] = []
  for (const { disk, move } of disks) {
    const pool = to.pools.find((each) => each.name === move.poolName)
    if (move.mode === 'copied' && pool && disk.capacityBytes > pool.availableBytes) {
      warnings.push(`${disk.target} can grow to ${sizeText(disk.capacityBytes)}, more than ${pool.name} has free.`)
    }
    if (move.mode === 'copied' && disk.backingPath && vm.snapshots.length === 0) {
      warnings.push(`${disk.target} becomes independent of its template.`)
    }
  }
  warnings.push(...disks.flatMap(beneathWarnings))
  warnings.push(...networkWarnings(vm, source))
  if (vm.accelerator === 'emulation' && to.accelerator === 'kvm') {
    warnings.push('It goes on under software emulation, though this host has hardware virtualisation.')
  }
  return warnings
}
