import { setInterval as every } from 'node:timers'
import { migrateFlag } from '#server/libvirt/flag.ts'
import type { TypedParamsInput } from '#server/libvirt/protocol.ts'
import { jobType, pausedReason, runningReason, shutOffReason, stoppedDetail } from '#server/libvirt/value.ts'
import { notNow, Refusal } from '../refusal.ts'
import type { Host } from './host.ts'
import { type Job, jobOperation } from './job.ts'
import type { Landing } from './landing.ts'
import type { Vm } from './vm.ts'

const tickMs = 50
const pageBytes = 4096
const mebibyte = 2 ** 20
const switchOverMs = 12
/** The most of its memory that a guest writes to within one round. */
const hotShare = 0.25
const suspendedMigrated = 1
const suspendedPostCopy = 7

type Phase = 'setup' | 'disks' | 'memory' | 'post-copy'

/**
 * A running VM on its way to another host: disks, then memory in rounds, each sending what was changed during the one
 * before, until the rest goes within the allowed downtime. It ends at the source first, then at the destination.
 */
export class Migration implements Job {
  readonly #source: Host
  readonly #vm: Vm
  readonly #landing: Landing
  readonly #flags: number
  readonly #linkBytesPerSecond: number
  readonly #startedAtMs = Date.now()
  readonly #setupMs = 150
  readonly #memoryTotal: number
  readonly #diskTotal: number
  #phase: Phase = 'setup'
  #throttlePercent = 0
  #iteration = 0
  #memorySent = 0
  #memoryLeft: number
  #diskLeft: number
  #dirtied = 0
  #downtimeMs: number | undefined
  #failure: Refusal | undefined
  #timer: NodeJS.Timeout | undefined
  #settle: { resolve: () => void; reject: (error: Refusal) => void } | undefined

  constructor(source: Host, vm: Vm, landing: Landing, flags: number) {
    this.#source = source
    this.#vm = vm
    this.#landing = landing
    this.#flags = flags
    this.#linkBytesPerSecond = source.linkTo(landing.host)
    this.#memoryTotal = vm.shape.memoryKiB * 1024
    // Pages of zeros take next to nothing.
    const seconds = vm.ranMs / 1000
    this.#memoryLeft = this.#memoryTotal * Math.min(0.9, vm.load.memoryShare.at(seconds) + 0.15)
    this.#diskTotal = landing.diskBytes
    this.#diskLeft = landing.diskBytes
  }

  /** Resolves when the VM runs at the destination. Rejects with Refusal when it stays here. */
  run(): Promise<void> {
    this.#vm.job = this
    this.#landing.vm.job = { readings: () => this.readings(jobOperation.migrationIn), abort: () => this.abort() }
    let lastMs = Date.now()
    this.#timer = every(() => {
      const nowMs = Date.now()
      this.#advance((nowMs - lastMs) / 1000)
      lastMs = nowMs
    }, tickMs)
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
  }

  get #bytesPerSecond(): number {
    const limit = Number(this.#vm.maxSpeedMib) * mebibyte
    return limit > 0 ? Math.min(limit, this.#linkBytesPerSecond) : this.#linkBytesPerSecond
  }

  get #dirtyBytesPerSecond(): number {
    return this.#vm.dirtyBytesPerSecond * (1 - this.#throttlePercent / 100)
  }

  #advance(seconds: number) {
    if (!this.#landing.host.isOn)
      return this.#fail(new Refusal('operationFailed', 'operation failed: migration out job: unexpectedly failed'))
    if (!this.#source.isOn || !this.#vm.isActive)
      return this.#fail(new Refusal('operationFailed', 'operation failed: domain is not running'))
    if (this.#phase === 'setup') {
      if (Date.now() - this.#startedAtMs < this.#setupMs) return
      this.#phase = this.#diskLeft > 0 ? 'disks' : 'memory'
      if (this.#phase === 'memory') this.#beginRound()
      return
    }
    const budget = this.#bytesPerSecond * seconds
    if (this.#phase === 'disks') {
      this.#diskLeft = Math.max(0, this.#diskLeft - budget)
      if (this.#diskLeft > 0) return
      this.#phase = 'memory'
      return this.#beginRound()
    }
    const sent = Math.min(budget, this.#memoryLeft)
    this.#memorySent += sent
    this.#memoryLeft -= sent
    if (this.#phase === 'post-copy') {
      if (this.#memoryLeft <= 0) this.#complete()
      return
    }
    this.#dirtied = Math.min(this.#memoryTotal * hotShare, this.#dirtied + this.#dirtyBytesPerSecond * seconds)
    if (this.#memoryLeft > 0) return
    const downtimeMs = (this.#dirtied / this.#bytesPerSecond) * 1000
    if (downtimeMs <= this.#vm.maxDowntimeMs || !this.#vm.isRunning) return this.#switchOver(downtimeMs)
    this.#memoryLeft = this.#dirtied
    if (this.#flags & migrateFlag.autoConverge && this.#iteration >= 2) {
      this.#throttlePercent = Math.min(99, this.#throttlePercent === 0 ? 20 : this.#throttlePercent + 10)
    }
    this.#beginRound()
  }

  #beginRound() {
    this.#dirtied = 0
    this.#iteration++
    this.#source.tell('domainMigrationIteration', { domain: this.#vm.handle, iteration: this.#iteration })
  }

  #switchOver(downtimeMs: number) {
    this.#memorySent += this.#dirtied
    this.#memoryLeft = 0
    this.#dirtied = 0
    this.#downtimeMs = Math.round(downtimeMs) + switchOverMs
    const wasRunning = this.#vm.isRunning
    clearInterval(this.#timer)
    this.#pauseSource(pausedReason.migration, suspendedMigrated)
    setTimeout(() => {
      if (this.#failure) return
      if (wasRunning) this.#landing.arrive(this.#vm, runningReason.migrated)
      else this.#landing.arrive(this.#vm, undefined)
      this.#complete()
    }, this.#downtimeMs)
  }

  #pauseSource(reason: number, detail: number) {
    if (!this.#vm.isRunning) return
    this.#vm.pause(reason)
    this.#source.tellLife(this.#vm, 'suspended', detail)
  }

  /** From here on the guest runs at the destination and fetches what it lacks. @throws Refusal */
  startPostCopy() {
    if (!(this.#flags & migrateFlag.postCopy)) {
      throw notNow('switching to post-copy requires migration to be started with VIR_MIGRATE_POSTCOPY flag')
    }
    if (this.#phase !== 'memory' || this.#downtimeMs !== undefined)
      throw notNow('post-copy can not begin at this moment')
    this.#phase = 'post-copy'
    this.#memoryLeft += this.#dirtied
    this.#dirtied = 0
    this.#downtimeMs = switchOverMs
    this.#pauseSource(pausedReason.postCopy, suspendedPostCopy)
    this.#landing.arrive(this.#vm, runningReason.postCopy)
  }

  abort() {
    if (this.#phase === 'post-copy') throw notNow('cannot abort migration in post-copy mode')
    this.#fail(new Refusal('operationAborted', 'operation aborted: migration out job: canceled by client'))
  }

  #fail(error: Refusal) {
    if (this.#failure) return
    this.#failure = error
    clearInterval(this.#timer)
    this.#landing.vm.job = undefined
    this.#landing.giveUp()
    this.#vm.job = undefined
    const isCancelled = error.code === 78
    this.#vm.lastJob = {
      type: isCancelled ? jobType.cancelled : jobType.failed,
      params: { ...this.readings(), success: false, errmsg: error.message },
    }
    if (this.#vm.isActive && !this.#vm.isRunning && this.#downtimeMs !== undefined) {
      this.#vm.continue(runningReason.migrationCancelled)
      this.#source.tellLife(this.#vm, 'resumed', 1)
    }
    this.#settle?.reject(error)
  }

  #complete() {
    clearInterval(this.#timer)
    const params = { ...this.readings(), success: true }
    this.#landing.finish({
      type: jobType.completed,
      params: { ...params, operation: { int: jobOperation.migrationIn } },
    })
    this.#vm.job = undefined
    this.#vm.lastJob = { type: jobType.completed, params }
    this.#source.tell('domainJobCompleted', { domain: this.#vm.handle, params })
    this.#leave()
    this.#settle?.resolve()
  }

  #leave() {
    this.#vm.end(shutOffReason.migrated)
    this.#source.tellLife(this.#vm, 'stopped', stoppedDetail.migrated)
    if (!this.#vm.isPersistent || this.#flags & migrateFlag.undefineSource) {
      this.#source.vms.delete(this.#vm.uuid)
      if (this.#vm.isPersistent) this.#source.tellLife(this.#vm, 'undefined', 0)
    }
  }

  readings(operation: number = jobOperation.migrationOut): TypedParamsInput {
    const whole = (value: number) => BigInt(Math.round(value))
    const elapsedMs = Date.now() - this.#startedAtMs
    const memoryLeft = this.#memoryLeft + (this.#phase === 'memory' ? this.#dirtied : 0)
    const diskDone = this.#diskTotal - this.#diskLeft
    const copiesMemory = this.#phase === 'memory' || this.#phase === 'post-copy'
    const bytesPerSecond = this.#downtimeMs === undefined || this.#phase === 'post-copy' ? this.#bytesPerSecond : 0
    return {
      operation: { int: operation },
      time_elapsed: whole(elapsedMs),
      downtime: whole(this.#downtimeMs ?? this.#vm.maxDowntimeMs),
      setup_time: whole(Math.min(this.#setupMs, elapsedMs)),
      data_total: whole(this.#memoryTotal + this.#diskTotal),
      data_processed: whole(this.#memorySent + diskDone),
      data_remaining: whole(memoryLeft + this.#diskLeft),
      memory_total: whole(this.#memoryTotal),
      memory_processed: whole(this.#memorySent),
      memory_remaining: whole(memoryLeft),
      memory_bps: whole(copiesMemory ? bytesPerSecond : 0),
      memory_constant: whole((this.#memoryTotal - memoryLeft) / pageBytes / 2),
      memory_normal: whole(this.#memorySent / pageBytes),
      memory_normal_bytes: whole(this.#memorySent),
      memory_dirty_rate: whole(copiesMemory ? this.#dirtyBytesPerSecond / pageBytes : 0),
      memory_iteration: whole(this.#iteration),
      memory_page_size: whole(pageBytes),
      disk_total: whole(this.#diskTotal),
      disk_processed: whole(diskDone),
      disk_remaining: whole(this.#diskLeft),
      disk_bps: whole(this.#phase === 'disks' ? bytesPerSecond : 0),
      ...(this.#throttlePercent > 0 ? { auto_converge_throttle: { int: this.#throttlePercent } } : {}),
    }
  }
}
