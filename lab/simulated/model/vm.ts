import { domainState, pausedReason, runningReason, shutOffReason } from '#server/libvirt/value.ts'
import { runningXml, type Shape, shapeOf } from './definition.ts'
import type { Job, JobRecord } from './job.ts'
import { type Load, loadOf, type Pace } from './load.ts'

/** A VM of a simulated host: what it is and what state it is in. Its counters follow from time; nothing ticks. */
export class Vm {
  readonly uuid: string
  name: string
  /** What the next start will use. */
  definition: string
  /** What it runs with now, which live edits change alone; undefined while it is off. */
  config: string | undefined
  /** -1 while it is off. */
  id = -1
  state: number = domainState.shutOff
  reason: number = shutOffReason.unknown
  isPersistent = true
  autostart = false
  agentConnected = false
  readonly pace: Pace
  /** The job under way, and the last one that ended. */
  job: Job | undefined
  lastJob: JobRecord | undefined
  dirtyRateMeasure: { startedAtMs: number; seconds: number } | undefined
  /** What limits its migrations: MiB a second, 0 for none, and QEMU's own limit of the time it may stand still. */
  maxSpeedMib: bigint = 0n
  maxDowntimeMs = 300
  /** Guest time that passed before it was last continued. */
  #ranMs = 0
  #continuedAtMs: number | undefined
  #shape: { of: string; is: Shape } | undefined
  #load: Load | undefined

  constructor(options: { uuid: string; name: string; definition: string; pace?: Pace }) {
    this.uuid = options.uuid
    this.name = options.name
    this.definition = options.definition
    this.pace = options.pace ?? 'quiet'
  }

  get isActive(): boolean {
    return this.id !== -1
  }

  get isRunning(): boolean {
    return this.#continuedAtMs !== undefined
  }

  /** A migration brings it here; until it arrives it is still the other host's. */
  get isComing(): boolean {
    return this.job !== undefined && this.state === domainState.paused && this.reason === pausedReason.migration
  }

  /** How the protocol names it. */
  get handle(): { name: string; uuid: string; id: number } {
    return { name: this.name, uuid: this.uuid, id: this.id }
  }

  /** What it is made of: now while it runs, else at its next start. */
  get shape(): Shape {
    const of = this.config ?? this.definition
    if (this.#shape?.of !== of) this.#shape = { of, is: shapeOf(of) }
    return this.#shape.is
  }

  get load(): Load {
    this.#load ??= loadOf(this.uuid, this.pace)
    return this.#load
  }

  /** Milliseconds that the guest ran since its process was started. */
  get ranMs(): number {
    return this.#ranMs + (this.#continuedAtMs === undefined ? 0 : Date.now() - this.#continuedAtMs)
  }

  /** Bytes a second that the guest changes of its memory. */
  get dirtyBytesPerSecond(): number {
    return this.isRunning ? this.load.dirtyBytes.at(this.ranMs / 1000) : 0
  }

  xml(inactive = false): string {
    const config = inactive ? undefined : this.config
    return config === undefined ? this.definition : runningXml(config, this.id, this.agentConnected)
  }

  /** Gives it a process; `ranMs` is how long the guest ran so far. */
  begin(id: number, config: string, ranMs = 0) {
    this.id = id
    this.config = config
    this.#ranMs = ranMs
    this.#continuedAtMs = undefined
  }

  continue(reason: number = runningReason.resumed) {
    this.state = domainState.running
    this.reason = reason
    this.#continuedAtMs ??= Date.now()
  }

  pause(reason: number) {
    this.#ranMs = this.ranMs
    this.#continuedAtMs = undefined
    this.state = domainState.paused
    this.reason = reason
  }

  /** Takes its process away. */
  end(reason: number) {
    this.id = -1
    this.config = undefined
    this.#continuedAtMs = undefined
    this.#ranMs = 0
    this.agentConnected = false
    this.dirtyRateMeasure = undefined
    this.state = domainState.shutOff
    this.reason = reason
  }
}
