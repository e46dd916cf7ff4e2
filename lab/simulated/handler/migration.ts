import { jobStatsFlag, migrateFlag } from '#server/libvirt/flag.ts'
import type { ServedArgs } from '#server/libvirt/protocol.ts'
import { jobType, migrateParam } from '#server/libvirt/value.ts'
import type { Host } from '../model/host.ts'
import { Landing } from '../model/landing.ts'
import { Migration } from '../model/migration.ts'
import { define, mustRun } from '../model/power.ts'
import type { Vm } from '../model/vm.ts'
import { invalidArgument, notNow, Refusal } from '../refusal.ts'
import type { Handlers } from './handler.ts'

type Params = ServedArgs<'domainMigratePerform3Params'>['params']

const unlimitedMib = 8_796_093_022_207n

const textIn = (params: Params, name: string) => {
  const value = params[name]
  return typeof value === 'string' ? value : undefined
}

function textsIn(params: Params, name: string): string[] {
  const value = params[name]
  return (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string')
}

/** @throws Refusal when no host answers there */
function peerOf(source: Host, uri: string | null): Host {
  if (!uri) throw notNow('only peer-to-peer migration is simulated')
  const peer = source.findPeer(uri)
  if (!peer?.isOn) {
    const text = `operation failed: Failed to connect to remote libvirt URI ${uri}: no simulated host answers there`
    throw new Refusal('operationFailed', text)
  }
  if (peer === source) throw new Refusal('internalError', 'internal error: Attempt to migrate guest to the same host')
  return peer
}

/** A VM that is off moves as its definition alone. */
function moveDefinition(source: Host, vm: Vm, peer: Host, flags: number, xml: string | undefined) {
  if (!(flags & migrateFlag.offline)) throw notNow('domain is not running')
  define(peer, xml ?? vm.definition)
  if (!(flags & migrateFlag.undefineSource)) return
  source.vms.delete(vm.uuid)
  source.tellLife(vm, 'undefined', 0)
}

async function perform(source: Host, args: ServedArgs<'domainMigratePerform3Params'>): Promise<void> {
  const { domain, destinationUri, flags, params } = args
  const vm = source.vm(domain.uuid)
  const peer = peerOf(source, destinationUri)
  const runningXml = textIn(params, migrateParam.destinationXml)
  const persistentXml = textIn(params, migrateParam.persistentXml)
  if (!vm.isActive) return moveDefinition(source, vm, peer, flags, persistentXml ?? runningXml)
  if (flags & migrateFlag.offline) throw notNow('offline migration cannot handle a running domain')
  if (vm.job) {
    const text =
      'Timed out during operation: cannot acquire state change lock (held by remoteDispatchDomainMigratePerform3Params)'
    throw new Refusal('operationTimeout', text)
  }
  const bandwidth = params[migrateParam.bandwidth]
  vm.maxSpeedMib = typeof bandwidth === 'bigint' ? bandwidth : 0n
  const copyDisks = textsIn(params, migrateParam.disks)
  const landing = new Landing(source, vm, peer, { flags, runningXml, persistentXml, copyDisks })
  await new Migration(source, vm, landing, flags).run()
}

const migrationOf = (host: Host, uuid: string): Migration => {
  const vm = host.vm(uuid)
  mustRun(vm)
  if (vm.job instanceof Migration) return vm.job
  throw notNow('domain is not being migrated')
}

/** Migrations, and the jobs of VMs. */
export const migrationHandlers: Handlers = {
  async domainMigratePerform3Params(args, { host }) {
    await perform(host, args)
    return {}
  },
  domainMigrateStartPostCopy({ domain }, { host }) {
    migrationOf(host, domain.uuid).startPostCopy()
    return {}
  },
  domainMigrateSetMaxDowntime({ domain, downtimeMs }, { host }) {
    const vm = host.vm(domain.uuid)
    mustRun(vm)
    vm.maxDowntimeMs = Number(downtimeMs)
    return {}
  },
  domainMigrateGetMaxDowntime: ({ domain }, { host }) => ({ downtimeMs: BigInt(host.vm(domain.uuid).maxDowntimeMs) }),
  domainMigrateSetMaxSpeed({ domain, bandwidth }, { host }) {
    const vm = host.vm(domain.uuid)
    if (bandwidth > unlimitedMib) throw invalidArgument(`bandwidth must be less than ${unlimitedMib + 1n}`)
    vm.maxSpeedMib = bandwidth
    return {}
  },
  domainMigrateGetMaxSpeed({ domain }, { host }) {
    const { maxSpeedMib } = host.vm(domain.uuid)
    return { bandwidth: maxSpeedMib || unlimitedMib }
  },
  domainGetJobInfo({ domain }, { host }) {
    const vm = host.vm(domain.uuid)
    const params = vm.job?.readings() ?? {}
    const number = (name: string) => {
      const value = params[name]
      return typeof value === 'bigint' ? value : 0n
    }
    return {
      type: vm.job ? jobType.unbounded : jobType.none,
      elapsedMs: number('time_elapsed'),
      remainingMs: 0n,
      totalBytes: number('data_total'),
      processedBytes: number('data_processed'),
      remainingBytes: number('data_remaining'),
      memoryTotalBytes: number('memory_total'),
      memoryProcessedBytes: number('memory_processed'),
      memoryRemainingBytes: number('memory_remaining'),
      fileTotalBytes: number('disk_total'),
      fileProcessedBytes: number('disk_processed'),
      fileRemainingBytes: number('disk_remaining'),
    }
  },
  domainGetJobStats({ domain, flags }, { host }) {
    const vm = host.vm(domain.uuid)
    if (flags & jobStatsFlag.completed) {
      const record = vm.lastJob
      if (!(flags & jobStatsFlag.keepCompleted)) vm.lastJob = undefined
      return record ?? { type: jobType.none, params: {} }
    }
    mustRun(vm)
    return vm.job ? { type: jobType.unbounded, params: vm.job.readings() } : { type: jobType.none, params: {} }
  },
  domainAbortJob({ domain }, { host }) {
    const vm = host.vm(domain.uuid)
    mustRun(vm)
    if (!vm.job) throw notNow('no job is active on the domain')
    vm.job.abort()
    return {}
  },
  domainStartDirtyRateCalc({ domain, seconds }, { host }) {
    const vm = host.vm(domain.uuid)
    mustRun(vm)
    if (seconds < 1 || seconds > 60) throw invalidArgument(`seconds=${seconds} is invalid, the range is [1, 60]`)
    vm.dirtyRateMeasure = { startedAtMs: Date.now(), seconds }
    return {}
  },
}
