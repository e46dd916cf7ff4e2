import { createFlag, shutdownFlag, xmlFlag } from '#server/libvirt/flag.ts'
import { memoryStat } from '#server/libvirt/value.ts'
import type { Host } from '../model/host.ts'
import * as power from '../model/power.ts'
import { cardCounters, cpuTimeNs, diskCounters, diskSizes, memoryOf } from '../model/stats.ts'
import type { Vm } from '../model/vm.ts'
import { invalidArgument, notNow, Refusal } from '../refusal.ts'
import type { Handlers } from './handler.ts'

const autoDestroy = 2

function diskOf(host: Host, uuid: string, name: string): { vm: Vm; index: number; path: string | undefined } {
  const vm = host.vm(uuid)
  const index = vm.shape.disks.findIndex(({ target, path }) => target === name || path === name)
  if (index < 0) throw invalidArgument(`invalid path ${name} not assigned to domain`)
  return { vm, index, path: vm.shape.disks[index]?.path }
}

const done = (vm: Vm) => ({ domain: vm.handle })

/** The definition, the life and the counters of VMs. */
export const domainHandlers: Handlers = {
  domainLookupById({ id }, { host }) {
    const vm = id < 0 ? undefined : [...host.vms.values()].find((each) => each.id === id)
    if (!vm) throw new Refusal('noDomain', `Domain not found: no domain with matching id ${id}`)
    return done(vm)
  },
  domainLookupByName({ name }, { host }) {
    const vm = host.vmByName(name)
    if (!vm) throw new Refusal('noDomain', `Domain not found: no domain with matching name '${name}'`)
    return done(vm)
  },
  domainLookupByUuid: ({ uuid }, { host }) => done(host.vm(uuid)),
  domainDefineXmlFlags: ({ xml }, { host }) => done(power.define(host, xml)),
  domainCreateXml({ xml, flags }, caller) {
    const vm = power.create(caller.host, xml, (flags & createFlag.paused) !== 0)
    if (flags & autoDestroy) caller.bindVm(vm.uuid)
    return done(vm)
  },
  domainCreateWithFlags({ domain, flags }, { host }) {
    const vm = host.vm(domain.uuid)
    power.start(host, vm, (flags & createFlag.paused) !== 0)
    return done(vm)
  },
  domainShutdownFlags({ domain, flags }, { host }) {
    const vm = host.vm(domain.uuid)
    if (flags & shutdownFlag.agent) power.mustHaveAgent(vm)
    power.shutDown(host, vm)
    return {}
  },
  domainReboot({ domain, flags }, { host }) {
    const vm = host.vm(domain.uuid)
    if (flags & shutdownFlag.agent) power.mustHaveAgent(vm)
    power.reboot(host, vm)
    return {}
  },
  domainReset({ domain }, { host }) {
    power.reboot(host, host.vm(domain.uuid), 0)
    return {}
  },
  domainSuspend({ domain }, { host }) {
    power.suspend(host, host.vm(domain.uuid))
    return {}
  },
  domainResume({ domain }, { host }) {
    power.resume(host, host.vm(domain.uuid))
    return {}
  },
  domainDestroyFlags({ domain }, { host }) {
    power.forceOff(host, host.vm(domain.uuid))
    return {}
  },
  domainUndefineFlags({ domain }, { host }) {
    power.undefine(host, host.vm(domain.uuid))
    return {}
  },

  domainGetXmlDesc: ({ domain, flags }, { host }) => ({
    xml: host.vm(domain.uuid).xml((flags & (xmlFlag.inactive | xmlFlag.migratable)) !== 0),
  }),
  domainGetState({ domain }, { host }) {
    const { state, reason } = host.vm(domain.uuid)
    return { state, reason }
  },
  domainGetInfo({ domain }, { host }) {
    const vm = host.vm(domain.uuid)
    const { maximumKiB, memoryKiB, vcpus } = vm.shape
    return {
      state: vm.state,
      maximumMemoryKiB: BigInt(maximumKiB),
      memoryKiB: BigInt(memoryKiB),
      vcpus,
      cpuTimeNs: vm.isActive ? cpuTimeNs(vm) : 0n,
    }
  },
  domainIsActive: ({ domain }, { host }) => ({ active: host.vm(domain.uuid).isActive }),
  domainIsPersistent: ({ domain }, { host }) => ({ persistent: host.vm(domain.uuid).isPersistent }),
  domainIsUpdated: () => ({ updated: false }),
  domainGetMessages: () => ({ messages: [] }),
  domainGetAutostart: ({ domain }, { host }) => ({ autostart: host.vm(domain.uuid).autostart }),
  domainSetAutostart({ domain, autostart }, { host }) {
    const vm = host.vm(domain.uuid)
    if (!vm.isPersistent) throw notNow('cannot set autostart for transient domain')
    vm.autostart = autostart
    return {}
  },
  domainHasManagedSaveImage: () => ({ present: false }),
  domainSnapshotNum: () => ({ count: 0 }),
  domainListAllSnapshots: () => ({ snapshots: [], count: 0 }),
  domainHasCurrentSnapshot: () => ({ present: false }),
  domainListAllCheckpoints: () => ({ checkpoints: [], count: 0 }),

  domainMemoryStats({ domain }, { host }) {
    const vm = host.vm(domain.uuid)
    power.mustRun(vm)
    const { available, usable, unused, rss } = memoryOf(vm)
    const stats = [
      { tag: memoryStat.actualBalloon, value: BigInt(vm.shape.memoryKiB) },
      { tag: memoryStat.unused, value: unused },
      { tag: memoryStat.available, value: available },
      { tag: memoryStat.usable, value: usable },
      { tag: memoryStat.rss, value: rss },
    ]
    return { stats }
  },
  domainInterfaceStats({ domain }, { host }) {
    const vm = host.vm(domain.uuid)
    power.mustRun(vm)
    return { ...cardCounters(vm), rxErrors: 0n, rxDropped: 0n, txErrors: 0n, txDropped: 0n }
  },
  domainGetBlockInfo({ domain, disk }, { host }) {
    const { allocation, capacity, physical } = diskSizes(host, diskOf(host, domain.uuid, disk).path)
    return { allocationBytes: allocation, capacityBytes: capacity, physicalBytes: physical }
  },
  domainBlockStats({ domain, disk }, { host }) {
    const { vm, index } = diskOf(host, domain.uuid, disk)
    power.mustRun(vm)
    const { readRequests, readBytes, writtenBytes, writeRequests } = diskCounters(vm, index)
    return { readRequests, readBytes, writeRequests, writeBytes: writtenBytes, errors: -1n }
  },
  domainGetDiskErrors: () => ({ errors: [], count: 0 }),
  domainGetBlockJobInfo: () => ({ found: false, type: 0, bandwidth: 0n, current: 0n, end: 0n }),
  domainBlockResize({ domain, disk, size, flags }, { host }) {
    const { vm, path } = diskOf(host, domain.uuid, disk)
    power.mustRun(vm)
    const volume = path === undefined ? undefined : host.volumeAt(path)?.volume
    if (!volume) throw notNow(`disk '${disk}' has no volume`)
    volume.capacityBytes = Number(flags & 1 ? size : size * 1024n)
    return {}
  },
}
