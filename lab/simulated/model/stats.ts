import { statsGroup } from '#server/libvirt/flag.ts'
import type { TypedParamsInput } from '#server/libvirt/protocol.ts'
import { cardDevice } from './definition.ts'
import type { Host } from './host.ts'
import { bootMs } from './power.ts'
import type { Vm } from './vm.ts'
import type { Wave } from './wave.ts'

type Group = keyof typeof statsGroup
type Numbered = Record<string, TypedParamsInput[string]>

const count = (value: number) => BigInt(Math.max(0, Math.floor(value)))
const sectorBytes = 4096
const packetBytes = 700

export interface DiskCounters {
  readBytes: bigint
  readRequests: bigint
  writtenBytes: bigint
  writeRequests: bigint
}

/** The first disk does most of the work. */
const diskShare = (index: number) => 1 / (index + 1)

export function diskCounters(vm: Vm, index: number): DiskCounters {
  const seconds = vm.ranMs / 1000
  const read = vm.load.diskReadBytes.total(seconds) * diskShare(index)
  const written = vm.load.diskWrittenBytes.total(seconds) * diskShare(index)
  return {
    readBytes: count(read),
    readRequests: count(read / (4 * sectorBytes)),
    writtenBytes: count(written),
    writeRequests: count(written / (2 * sectorBytes)),
  }
}

export function cardCounters(vm: Vm): Record<'rxBytes' | 'rxPackets' | 'txBytes' | 'txPackets', bigint> {
  const seconds = vm.ranMs / 1000
  const packets = (wave: Wave) => count(wave.total(seconds) / packetBytes)
  return {
    rxBytes: count(vm.load.receivedBytes.total(seconds)),
    rxPackets: packets(vm.load.receivedBytes),
    txBytes: count(vm.load.transmittedBytes.total(seconds)),
    txPackets: packets(vm.load.transmittedBytes),
  }
}

/** Nanoseconds of processor time of all vCPUs. */
export const cpuTimeNs = (vm: Vm): bigint => count(vm.load.cpu.total(vm.ranMs / 1000) * vm.shape.vcpus * 1e9)

/** What the guest says of its memory, in KiB. */
export function memoryOf(vm: Vm): { available: bigint; usable: bigint; unused: bigint; rss: bigint } {
  const available = vm.shape.memoryKiB * 0.97
  const used = Math.min(0.95, vm.load.memoryShare.at(vm.ranMs / 1000) + 0.1) * available
  return {
    available: count(available),
    usable: count(available - used),
    unused: count((available - used) * 0.6),
    rss: count(used + 40_000),
  }
}

export function diskSizes(host: Host, path: string | undefined) {
  const volume = path === undefined ? undefined : host.volumeAt(path)?.volume
  return {
    capacity: count(volume?.capacityBytes ?? 0),
    allocation: count(volume?.allocationBytes ?? 0),
    physical: count(volume?.allocationBytes ?? 0),
  }
}

const groups: Partial<Record<Group, (host: Host, vm: Vm, into: Numbered) => void>> = {
  state(_host, vm, into) {
    into['state.state'] = { int: vm.state }
    into['state.reason'] = { int: vm.reason }
  },
  cpu(_host, vm, into) {
    if (!vm.isActive) return
    const total = cpuTimeNs(vm)
    into['cpu.time'] = total
    into['cpu.user'] = (total * 7n) / 10n
    into['cpu.system'] = (total * 3n) / 10n
  },
  balloon(_host, vm, into) {
    into['balloon.current'] = BigInt(vm.shape.memoryKiB)
    into['balloon.maximum'] = BigInt(vm.shape.maximumKiB)
    if (!vm.isActive) return
    const { available, usable, unused, rss } = memoryOf(vm)
    into['balloon.last-update'] = count(Date.now() / 1000)
    into['balloon.rss'] = rss
    if (vm.ranMs < bootMs) return
    into['balloon.available'] = available
    into['balloon.usable'] = usable
    into['balloon.unused'] = unused
  },
  vcpu(_host, vm, into) {
    const { vcpus, maximumVcpus } = vm.shape
    into['vcpu.current'] = { uint: vcpus }
    into['vcpu.maximum'] = { uint: maximumVcpus }
    if (!vm.isActive) return
    const each = cpuTimeNs(vm) / BigInt(vcpus)
    for (let index = 0; index < vcpus; index++) {
      into[`vcpu.${index}.state`] = { int: 1 }
      into[`vcpu.${index}.time`] = each
    }
  },
  interface(_host, vm, into) {
    if (!vm.isActive) return
    const { macs } = vm.shape
    into['net.count'] = { uint: macs.length }
    const counters = cardCounters(vm)
    for (let index = 0; index < macs.length; index++) {
      const put = (name: string, value: bigint) => {
        into[`net.${index}.${name}`] = value
      }
      into[`net.${index}.name`] = cardDevice(vm.id, index)
      put('rx.bytes', counters.rxBytes)
      put('rx.pkts', counters.rxPackets)
      put('rx.errs', 0n)
      put('rx.drop', 0n)
      put('tx.bytes', counters.txBytes)
      put('tx.pkts', counters.txPackets)
      put('tx.errs', 0n)
      put('tx.drop', 0n)
    }
  },
  block(host, vm, into) {
    const { disks } = vm.shape
    into['block.count'] = { uint: disks.length }
    for (const [index, { target, path }] of disks.entries()) {
      into[`block.${index}.name`] = target
      if (path !== undefined) into[`block.${index}.path`] = path
      if (vm.isActive) {
        const { readBytes, readRequests, writtenBytes, writeRequests } = diskCounters(vm, index)
        into[`block.${index}.rd.reqs`] = readRequests
        into[`block.${index}.rd.bytes`] = readBytes
        into[`block.${index}.rd.times`] = readRequests * 150_000n
        into[`block.${index}.wr.reqs`] = writeRequests
        into[`block.${index}.wr.bytes`] = writtenBytes
        into[`block.${index}.wr.times`] = writeRequests * 400_000n
        into[`block.${index}.fl.reqs`] = writeRequests / 10n
        into[`block.${index}.fl.times`] = writeRequests * 90_000n
      }
      const { allocation, capacity, physical } = diskSizes(host, path)
      into[`block.${index}.allocation`] = allocation
      into[`block.${index}.capacity`] = capacity
      into[`block.${index}.physical`] = physical
    }
  },
  dirtyRate(_host, vm, into) {
    const measure = vm.dirtyRateMeasure
    into['dirtyrate.calc_status'] = { int: 0 }
    if (!vm.isActive || !measure) return
    const isMeasured = Date.now() >= measure.startedAtMs + measure.seconds * 1000
    into['dirtyrate.calc_status'] = { int: isMeasured ? 2 : 1 }
    into['dirtyrate.calc_start_time'] = { llong: BigInt(Math.floor(measure.startedAtMs / 1000)) }
    into['dirtyrate.calc_period'] = { int: measure.seconds }
    if (isMeasured) {
      into['dirtyrate.megabytes_per_second'] = { llong: BigInt(Math.round(vm.dirtyBytesPerSecond / 2 ** 20)) }
      into['dirtyrate.calc_mode'] = 'page-sampling'
    }
  },
}

/** The statistics of the groups whose bits are set, all of them for 0, under libvirt's names. */
export function statsOf(host: Host, vm: Vm, bits: number): TypedParamsInput {
  const into: Numbered = {}
  for (const name of Object.keys(groups) as Group[]) {
    if (bits === 0 || bits & statsGroup[name]) groups[name]?.(host, vm, into)
  }
  return into
}
