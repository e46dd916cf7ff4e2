import type { Logger } from 'pino'
import type { Db } from '#server/db.ts'
import type { ConnectionState, HypervisorHost } from '#server/hypervisor/driver.ts'
import type { HostEvent } from '#server/hypervisor/host-event.ts'
import { AddressSync } from './address-sync.ts'
import { HostSync } from './host-sync.ts'
import { writeConnected, writeUnreachable } from './host-table.ts'
import { type FleetSize, Patrol, patrolMs } from './patrol.ts'
import { type Repeating, repeat } from './repeat.ts'
import { RoundTrip, roundTripMs } from './round-trip.ts'
import type { Sightings } from './sighting.ts'
import { StatPoll, statIntervalMs } from './stat-poll.ts'
import { forgetStates } from './vm-absence.ts'
import { VmSync } from './vm-sync.ts'

/** A daemon that restarts is back within this time; until then nobody is told. */
const graceMs = 1000
const retryMs = 2000
const settleMs = 3000
const addressMs = 60_000
const storageMs = 60_000
/** Some changes raise no event. */
const resyncMs = 300_000

export interface KeeperOptions {
  db: Db
  host: HypervisorHost
  hostId: string
  name: string
  log: Logger
  sightings: Sightings
  fleet: FleetSize
  refreshElsewhere: (uuid: string, hostId: string) => void
  /** The host was connected, and its rows are right now */
  onInStep: (hostId: string) => void
}

/** Keeps all rows of one host in step while this worker has its lease. */
export class Keeper {
  readonly vms: VmSync
  readonly storage: HostSync
  readonly host: HypervisorHost
  readonly #options: KeeperOptions
  readonly #stats: StatPoll
  readonly #roundTrip: RoundTrip
  readonly #addresses: AddressSync
  readonly #patrol: Patrol
  readonly #unsubscribe: (() => void)[] = []
  readonly #repeating: Repeating[] = []
  #grace: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  /** Every VM was read since the host was connected. */
  #isInStep = false
  #stopped = false

  constructor(options: KeeperOptions) {
    const { db, host, hostId, log, sightings, fleet, refreshElsewhere } = options
    this.#options = options
    this.host = host
    this.vms = new VmSync({ db, host, hostId, log, sightings, refreshElsewhere })
    this.storage = new HostSync({ db, host, hostId, log })
    const known = this.vms.known
    this.#stats = new StatPoll({
      db,
      host,
      hostId,
      known,
      onStranger: (uuid) => this.#isInStep && this.vms.suspect(uuid),
    })
    this.#roundTrip = new RoundTrip({ db, host, hostId })
    this.#addresses = new AddressSync({ db, host, known })
    this.#patrol = new Patrol({ host, known, fleet, onDifference: (uuid) => this.vms.suspect(uuid) })
  }

  start(): void {
    const { log, hostId } = this.#options
    const failed = (what: string) => (error: unknown) => {
      if (this.host.connection().state === 'connected')
        log.warn({ host: hostId, error: String(error) }, `${what} failed`)
    }
    this.#unsubscribe.push(
      this.host.onEvent((event) => this.#hear(event)),
      this.host.onConnection((state) => this.#follow(state)),
    )
    const whenConnected = (work: () => Promise<unknown>) => async () => {
      if (this.host.connection().state === 'connected') await work()
    }
    this.#repeating.push(
      repeat(statIntervalMs, () => this.#stats.run(), failed('reading counters')),
      repeat(roundTripMs, () => this.#roundTrip.run(), failed('measuring the round trip')),
      repeat(patrolMs, () => this.#patrol.run(), failed('looking for changes')),
      repeat(settleMs, () => this.vms.settle(), failed('settling absent VMs')),
      repeat(
        addressMs,
        whenConnected(async () => this.#addresses.askAll()),
        failed('asking for addresses'),
      ),
      repeat(
        storageMs,
        whenConnected(() => this.storage.syncStorage()),
        failed('reading storage'),
      ),
      repeat(
        resyncMs,
        whenConnected(() => this.#resync()),
        failed('reading the host again'),
      ),
    )
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#grace)
    clearTimeout(this.#retry)
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    const addresses = this.#addresses.stop()
    await Promise.all([addresses, ...this.#repeating.map((each) => each.stop()), this.vms.stop(), this.storage.stop()])
    await this.#writing
    this.#options.sightings.drop(this.#options.hostId)
  }

  #hear(event: HostEvent) {
    this.vms.hear(event)
    this.storage.hear(event)
    this.#addresses.hear(event)
  }

  #follow(state: ConnectionState) {
    if (state.state === 'connected') {
      clearTimeout(this.#grace)
      this.#grace = undefined
      this.#stats.reset()
      this.#roundTrip.reset()
      this.#write(() => this.#reconcile())
    } else if (state.state === 'unreachable') {
      this.#isInStep = false
      this.#grace ??= setTimeout(() => this.#giveUp(), graceMs)
    }
  }

  #giveUp() {
    const state = this.host.connection()
    if (state.state !== 'unreachable') return
    this.#grace = undefined
    const { db, hostId } = this.#options
    const said = state.detail && `(${state.detail})`
    const reason = [state.reason, said, state.wayOut].filter(Boolean).join(' ')
    this.#write(async () => {
      if (this.host.connection().state === 'connected') return
      await writeUnreachable(db, hostId, reason)
      await forgetStates(db, hostId, `The host ${this.#options.name} can not be reached.`)
    })
  }

  async #reconcile() {
    const { db, hostId, log, name } = this.#options
    const startedAt = performance.now()
    clearTimeout(this.#retry)
    try {
      await writeConnected(db, hostId)
      const count = await this.vms.syncAll()
      this.#isInStep = true
      const ms = Math.round(performance.now() - startedAt)
      log.info({ host: name, vms: count, ms }, 'host in step')
      this.#addresses.askAll()
      await this.storage.syncAll()
      this.#options.onInStep(hostId)
    } catch (error) {
      if (this.#stopped || this.host.connection().state !== 'connected') return
      log.warn({ host: name, error: String(error) }, 'host not in step yet')
      this.#retry = setTimeout(() => this.#write(() => this.#reconcile()), retryMs)
    }
  }

  async #resync() {
    await this.vms.syncAll()
    await this.storage.syncAll()
  }

  #write(work: () => Promise<void>) {
    this.#writing = this.#writing
      .then(() => (this.#stopped ? undefined : work()))
      .catch((error: unknown) => {
        this.#options.log.error({ host: this.#options.hostId, error: String(error) }, 'writing a host failed')
      })
  }
}
