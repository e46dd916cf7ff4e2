import { migrateFlag } from '#server/libvirt/flag.ts'
import { definedDetail, pausedReason, runningReason, shutOffReason, stoppedDetail } from '#server/libvirt/value.ts'
import { Refusal } from '../refusal.ts'
import { normalDefinition, shapeOf } from './definition.ts'
import type { Host } from './host.ts'
import type { JobRecord } from './job.ts'
import { setAgent } from './power.ts'
import type { Volume } from './storage.ts'
import { Vm } from './vm.ts'

export interface LandingPlan {
  flags: number
  /** What the VM runs with at the destination, and what its next start there uses; as at the source when absent. */
  runningXml: string | undefined
  persistentXml: string | undefined
  /** Targets to copy; all that are not shared when empty and disks are copied at all. */
  copyDisks: readonly string[]
}

const startedMigrated = 1
const resumedMigrated = 1
const resumedPostCopy = 3

/** The destination's side of a migration: the VM that comes in, and the volumes made for it. */
export class Landing {
  readonly host: Host
  readonly vm: Vm
  readonly diskBytes: number
  readonly #isPersistent: boolean
  readonly #agentConnected: boolean
  readonly #made: { remove: () => void }[]

  /** @throws Refusal when it can't take the VM */
  constructor(source: Host, vm: Vm, host: Host, plan: LandingPlan) {
    this.host = host
    const present = host.vms.get(vm.uuid) ?? host.vmByName(vm.name)
    if (present?.isActive || (present && present.uuid !== vm.uuid)) {
      throw new Refusal('operationInvalid', `operation failed: domain '${vm.name}' is already active`, 'domain')
    }
    const config = plan.runningXml ? normalDefinition(plan.runningXml).toString() : (vm.config ?? vm.definition)
    host.reserve(shapeOf(config).memoryKiB)
    const { diskBytes, made } = landDisks(source, vm, host, config, plan)
    this.diskBytes = diskBytes
    this.#made = made
    this.#isPersistent = (plan.flags & migrateFlag.persistDestination) !== 0
    this.#agentConnected = vm.agentConnected
    const definition = plan.persistentXml ? normalDefinition(plan.persistentXml).toString() : vm.definition
    this.vm = new Vm({ uuid: vm.uuid, name: vm.name, definition, pace: vm.pace })
    this.vm.isPersistent = false
    this.vm.autostart = vm.autostart
    this.vm.begin(host.takeId(), config, vm.ranMs)
    this.vm.pause(pausedReason.migration)
    host.vms.set(vm.uuid, this.vm)
    host.tellLife(this.vm, 'started', startedMigrated)
  }

  /** The guest goes on here; without a reason it stays paused. */
  arrive(from: Vm, reason: number | undefined) {
    this.vm.begin(this.vm.id, this.vm.config ?? this.vm.definition, from.ranMs)
    if (reason === undefined) {
      this.vm.pause(pausedReason.user)
      return
    }
    this.vm.continue(reason)
    this.host.tellLife(this.vm, 'resumed', reason === runningReason.postCopy ? resumedPostCopy : resumedMigrated)
    if (this.#agentConnected) setAgent(this.host, this.vm, true)
  }

  finish(record: JobRecord) {
    this.vm.job = undefined
    this.vm.lastJob = record
    if (this.vm.isRunning && this.vm.reason === runningReason.postCopy) {
      this.vm.continue(runningReason.migrated)
      this.host.tellLife(this.vm, 'resumed', resumedMigrated)
    }
    if (!this.#isPersistent) return
    this.vm.isPersistent = true
    this.host.tellLife(this.vm, 'defined', definedDetail.added)
  }

  /** Takes back what was prepared. */
  giveUp() {
    for (const volume of this.#made) volume.remove()
    if (this.host.vms.get(this.vm.uuid) !== this.vm) return
    this.vm.end(shutOffReason.failed)
    this.host.vms.delete(this.vm.uuid)
    this.host.tellLife(this.vm, 'stopped', stoppedDetail.failed)
  }
}

/** Makes the volumes that are copied, and sees that the others are there. @throws Refusal */
function landDisks(source: Host, vm: Vm, host: Host, config: string, plan: LandingPlan) {
  const copies = (plan.flags & (migrateFlag.copyDisks | migrateFlag.copyDisksIncrementally)) !== 0
  const made: { remove: () => void }[] = []
  let diskBytes = 0
  const here = new Map(vm.shape.disks.map((disk) => [disk.target, disk.path]))
  for (const { target, path } of shapeOf(config).disks) {
    if (path === undefined) continue
    const present = host.volumeAt(path)?.volume
    const sourcePath = here.get(target) ?? path
    const original = source.volumeAt(sourcePath)?.volume
    const isCopied = copies && (plan.copyDisks.length === 0 ? present !== original : plan.copyDisks.includes(target))
    if (isCopied) {
      diskBytes += original?.allocationBytes ?? 0
      if (!present) made.push(makeCopy(host, path, original))
    } else if (!present && original) {
      for (const volume of made) volume.remove()
      throw new Refusal('systemError', `Cannot access storage file '${path}': No such file or directory`, 'storage')
    }
  }
  return { diskBytes, made }
}

function makeCopy(host: Host, path: string, original: Volume | undefined): { remove: () => void } {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const pool = host.pools.find((each) => path === `${each.path}/${name}`)
  if (!pool) {
    const text = `cannot migrate local disk without a storage pool for '${path}'`
    throw new Refusal('operationInvalid', `Requested operation is not valid: ${text}`)
  }
  const { format = 'raw', capacityBytes = 0, allocationBytes = 0, backing } = original ?? {}
  pool.add({ name, format, capacityBytes, allocationBytes, backing })
  return { remove: () => pool.volumes.delete(name) }
}
