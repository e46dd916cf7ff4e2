import { listDomainFlag, listPoolFlag, statsFlag } from '#server/libvirt/flag.ts'
import { domainState } from '#server/libvirt/value.ts'
import { simulatedType } from '../marker.ts'
import { capabilitiesXml, deviceNames, deviceXml, domainCapabilitiesXml, sysinfoXml } from '../model/host-xml.ts'
import { statsOf } from '../model/stats.ts'
import type { Vm } from '../model/vm.ts'
import { invalidArgument, notSupported, Refusal } from '../refusal.ts'
import type { Handlers } from './handler.ts'

/** What Debian 12 has. */
const libraryVersion = 9_000_000n
const hypervisorVersion = 7_002_000n
const keepaliveFeature = 10
/** Migration peer to peer and offline, with parameters; typed texts; keepalive; events by callback; close callback. */
const features = new Set([4, 6, 7, 9, keepaliveFeature, 11, 12, 13, 14, 15])

/** Each pair of filters of the list: bits of which one must hold, when any of them is given. */
const filters: readonly [number, (vm: Vm) => boolean][][] = [
  [
    [listDomainFlag.active, (vm) => vm.isActive],
    [listDomainFlag.inactive, (vm) => !vm.isActive],
  ],
  [
    [listDomainFlag.persistent, (vm) => vm.isPersistent],
    [listDomainFlag.transient, (vm) => !vm.isPersistent],
  ],
  [
    [listDomainFlag.running, (vm) => vm.state === domainState.running],
    [listDomainFlag.paused, (vm) => vm.state === domainState.paused],
    [listDomainFlag.shutOff, (vm) => vm.state === domainState.shutOff],
    [listDomainFlag.other, () => false],
  ],
  [
    [listDomainFlag.withManagedSave, () => false],
    [512, () => true],
  ],
  [
    [listDomainFlag.autostart, (vm) => vm.autostart],
    [2048, (vm) => !vm.autostart],
  ],
  [
    [listDomainFlag.withSnapshot, () => false],
    [8192, () => true],
  ],
  [
    [listDomainFlag.withCheckpoint, () => false],
    [32768, () => true],
  ],
]

function isListed(vm: Vm, flags: number): boolean {
  return filters.every((group) => {
    const given = group.filter(([bit]) => flags & bit)
    return given.length === 0 || given.some(([, holds]) => holds(vm))
  })
}

const cpuCounters = ['kernel', 'user', 'idle', 'iowait'] as const
const memoryCounters = ['total', 'free', 'buffers', 'cached'] as const

export const connectHandlers: Handlers = {
  authList: () => ({ types: [0] }),
  connectOpen({ uri }) {
    if (uri && !/^qemu(\+\w+)?:\/\//.test(uri)) {
      throw new Refusal('noSupport', `no connection driver available for ${uri}`)
    }
    return {}
  },
  connectClose(_args, caller) {
    caller.close()
    return {}
  },
  connectSupportsFeature({ feature }, caller) {
    if (feature === keepaliveFeature) caller.startKeepalive()
    return { supported: features.has(feature) }
  },
  connectGetType: () => ({ type: simulatedType }),
  connectGetVersion: () => ({ version: hypervisorVersion }),
  connectGetLibVersion: () => ({ version: libraryVersion }),
  connectGetHostname: (_args, { host }) => ({ hostname: host.name }),
  connectGetUri: () => ({ uri: 'qemu:///system' }),
  connectGetSysinfo: (_args, { host }) => ({ xml: sysinfoXml(host) }),
  connectIsSecure: () => ({ secure: true }),
  connectGetMaxVcpus: () => ({ vcpus: 255 }),
  connectGetCapabilities: (_args, { host }) => ({ xml: capabilitiesXml(host) }),
  connectGetDomainCapabilities: (_args, { host }) => ({ xml: domainCapabilitiesXml(host) }),
  connectGetCpuModelNames: (_args, { host }) => ({ models: [host.plan.cpuModel], count: 1 }),
  connectRegisterCloseCallback(_args, caller) {
    caller.subscribeClose()
    return {}
  },
  connectUnregisterCloseCallback: () => ({}),

  connectListAllDomains({ needResults, flags }, { host }) {
    const domains = [...host.vms.values()].filter((vm) => isListed(vm, flags)).map((vm) => vm.handle)
    return { domains: needResults ? domains : [], count: domains.length }
  },
  connectListAllStoragePools({ needResults, flags }, { host }) {
    const isWanted = flags === 0 || (flags & listPoolFlag.active) !== 0 || !(flags & listPoolFlag.inactive)
    const pools = isWanted ? host.pools.map(({ name, uuid }) => ({ name, uuid })) : []
    return { pools: needResults ? pools : [], count: pools.length }
  },
  connectListAllNodeDevices({ needResults }, { host }) {
    const devices = deviceNames(host).map((name) => ({ name }))
    return { devices: needResults ? devices : [], count: devices.length }
  },
  connectListAllSecrets: () => ({ secrets: [], count: 0 }),
  connectGetAllDomainStats({ domains, stats, flags }, { host }) {
    const state = flags & ~(statsFlag.noWait | statsFlag.backingChain)
    const vms = domains.length > 0 ? domains.map(({ uuid }) => host.vm(uuid)) : [...host.vms.values()]
    return {
      records: vms
        .filter((vm) => isListed(vm, state))
        .map((vm) => ({ domain: vm.handle, params: statsOf(host, vm, stats) })),
    }
  },

  nodeGetInfo(_args, { host: { plan } }) {
    const { cpus, memoryKiB, mhz } = plan
    const sockets = cpus >= 32 ? 2 : 1
    const shape = { nodes: 1, sockets, cores: cpus / sockets / 2, threads: 2 }
    return { model: 'x86_64', memoryKiB: BigInt(memoryKiB), cpus, mhz, ...shape }
  },
  nodeGetCpuStats({ cpu, capacity }, { host }) {
    if (cpu >= host.plan.cpus) throw invalidArgument(`Invalid cpuNum in nodeGetCPUStats`)
    if (capacity === 0) return { params: [], count: cpuCounters.length }
    const { busyNs, totalNs } = host.cpuTimes()
    const idleNs = totalNs - busyNs
    const share = cpu < 0 ? 1 : 1 / host.plan.cpus
    const values = [busyNs * 0.3, busyNs * 0.7, idleNs * 0.99, idleNs * 0.01]
    const params = cpuCounters.map((field, index) => ({
      field,
      value: BigInt(Math.floor((values[index] ?? 0) * share)),
    }))
    return { params, count: params.length }
  },
  nodeGetMemoryStats({ capacity }, { host }) {
    if (capacity === 0) return { params: [], count: memoryCounters.length }
    const free = host.freeMemoryKiB
    const values = [host.plan.memoryKiB, free * 0.8, free * 0.02, free * 0.18]
    const params = memoryCounters.map((field, index) => ({ field, value: BigInt(Math.floor(values[index] ?? 0)) }))
    return { params, count: params.length }
  },
  nodeGetFreeMemory: (_args, { host }) => ({ freeBytes: BigInt(host.freeMemoryKiB) * 1024n }),

  nodeDeviceLookupByName({ name }, { host }) {
    deviceXml(host, name)
    return { device: { name } }
  },
  nodeDeviceGetXmlDesc: ({ name }, { host }) => ({ xml: deviceXml(host, name) }),
  nodeDeviceGetParent: ({ name }) => ({ parent: name === 'computer' ? null : 'computer' }),
  qemuDomainMonitorCommand: () => {
    throw notSupported('a simulated VM has no QEMU monitor')
  },
}
