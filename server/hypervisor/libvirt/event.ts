import type { LibvirtEvent } from '../../libvirt/protocol.ts'
import type { HostEvent, VmChange } from '../host-event.ts'
import { readJobParams } from './job.ts'

type Told = readonly [VmChange, string]

/** Lifecycle events, then their details, by libvirt's numbers. Undefining (1) is told apart. */
const lifecycle: Record<number, readonly Told[]> = {
  0: [
    ['defined', 'new'],
    ['configured', 'definition changed'],
    ['configured', 'renamed'],
    ['configured', 'from snapshot'],
  ],
  2: [
    ['started', 'booted'],
    ['configured', 'migration coming in'],
    ['started', 'restored'],
    ['started', 'from snapshot'],
    ['started', 'woken'],
  ],
  3: [
    ['paused', ''],
    ['configured', 'migrating'],
    ['paused', 'disk error'],
    ['paused', 'watchdog'],
    ['paused', 'restored paused'],
    ['paused', 'from snapshot'],
    ['paused', 'hypervisor error'],
    ['configured', 'post-copy'],
    ['paused', 'post-copy failed'],
  ],
  4: [
    ['resumed', ''],
    ['migrated-here', 'migrated'],
    ['resumed', 'from snapshot'],
    ['migrated-here', 'post-copy'],
    ['resumed', 'post-copy failed'],
  ],
  5: [
    ['stopped', 'shut down'],
    ['stopped', 'forced off'],
    ['crashed', 'crashed'],
    ['migrated-away', 'migrated'],
    ['stopped', 'saved'],
    ['crashed', 'its process failed'],
    ['stopped', 'from snapshot'],
  ],
  6: [
    ['configured', 'shutting down'],
    ['configured', 'shutting down from inside'],
    ['configured', 'shutting down from outside'],
  ],
  7: [
    ['paused', 'asleep'],
    ['paused', 'asleep on disk'],
  ],
  8: [
    ['crashed', 'panicked'],
    ['crashed', 'panicked, dump taken'],
  ],
}

const lifecycleUndefined = 1
const watchdogActions = ['nothing', 'paused', 'reset', 'forced off', 'shut down', 'debug', 'interrupt']
const ioErrorActions = ['nothing', 'paused', 'reported to the guest']
const blockJobStates = ['completed', 'failed', 'cancelled', 'ready'] as const

/** An event in our words; null for one that tells nothing that is kept. */
export function readEvent({ name, body }: LibvirtEvent): HostEvent | null {
  const changed = (change: VmChange, detail: string, vm: string): HostEvent => ({
    kind: 'vm-changed',
    vm,
    change,
    detail,
  })
  switch (name) {
    case 'domainLifecycle': {
      if (body.event === lifecycleUndefined) return { kind: 'vm-removed', vm: body.domain.uuid }
      const [change, detail] = lifecycle[body.event]?.[body.detail] ?? ['configured', '']
      return changed(change, detail, body.domain.uuid)
    }
    case 'domainReboot':
      return changed('rebooted', '', body.domain.uuid)
    case 'domainWatchdog':
      return changed('watchdog', watchdogActions[body.action] ?? '', body.domain.uuid)
    case 'domainIoError':
      return changed('disk-error', `${body.alias}: ${ioErrorActions[body.action] ?? ''}`, body.domain.uuid)
    case 'domainBalloonChange':
      return changed('configured', 'memory', body.domain.uuid)
    case 'domainTunable':
      return changed('configured', 'limits', body.domain.uuid)
    case 'domainMetadataChange':
      return changed('configured', 'metadata', body.domain.uuid)
    case 'domainDiskChange':
    case 'domainTrayChange':
      return changed('configured', `medium of ${body.alias}`, body.domain.uuid)
    case 'domainDeviceAdded':
      return changed('device-added', body.alias, body.domain.uuid)
    case 'domainDeviceRemoved':
      return changed('device-removed', body.alias, body.domain.uuid)
    case 'domainPmWakeup':
      return changed('resumed', 'woken', body.domain.uuid)
    case 'domainAgentLifecycle':
      return changed(body.state === 1 ? 'agent-connected' : 'agent-disconnected', '', body.domain.uuid)
    case 'domainMigrationIteration':
      return { kind: 'migration-iteration', vm: body.domain.uuid, iteration: body.iteration }
    case 'domainJobCompleted':
      return { kind: 'job-completed', vm: body.domain.uuid, job: readJobParams(3, body.params) }
    case 'domainBlockJob2': {
      const state = blockJobStates[body.status]
      return state ? { kind: 'block-job', vm: body.domain.uuid, disk: body.target, state } : null
    }
    case 'storagePoolLifecycle':
    case 'storagePoolRefresh':
      return { kind: 'storage-changed', pool: body.pool.name }
    case 'networkLifecycle':
      return { kind: 'network-changed', network: body.network.name }
    case 'nodeDeviceLifecycle':
    case 'nodeDeviceUpdate':
      return { kind: 'device-changed', device: body.device.name }
    default:
      return null
  }
}
