import type { Logger } from 'pino'
import type { Db } from '#server/db.ts'
import type { HostEvent, HypervisorHost } from '#server/hypervisor/driver.ts'
import type { VmFacts } from '#server/hypervisor/facts.ts'
import { fingerprintOf } from '#server/hypervisor/fingerprint.ts'
import { type Sightings, settleAbsent } from './sighting.ts'
import { expectedVms } from './vm-absence.ts'
import { VmHistory } from './vm-history.ts'
import { writeVms } from './vm-table.ts'

/** What the readings need to know of a VM. */
export interface KnownVm {
  id: string
  vcpuCount: number
  state: VmFacts['state']
  fingerprint: string
}

/** Events come in bursts: one start gives four. */
const debounceMs = 30
const retryMs = 1000
/** Above so many changed VMs one listing costs the host less than asking for each. */
const listAbove = 100
/** A VM that moved away is not removed before its new host had time to report it. */
const arrivalMs = 3000

export interface VmSyncOptions {
  db: Db
  host: HypervisorHost
  hostId: string
  log: Logger
  sightings: Sightings
  /** Another host of this worker shall read a VM again */
  refreshElsewhere: (uuid: string, hostId: string) => void
}

/** Keeps the rows of one host's VMs in step: all of them when asked, then those of which events tell. */
export class VmSync {
  readonly known = new Map<string, KnownVm>()
  readonly #options: VmSyncOptions
  readonly #history = new VmHistory()
  readonly #dirty = new Set<string>()
  /** Gone from the host, but their rows had to stay for now. */
  readonly #absent = new Set<string>()
  readonly #leftAt = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: VmSyncOptions) {
    this.#options = options
  }

  /** Reads every VM; throws what the host or the database throws. */
  async syncAll(): Promise<number> {
    let count = 0
    await this.#inTurn(async () => {
      this.#dirty.clear()
      count = await this.#readAll()
    })
    return count
  }

  hear(event: HostEvent): void {
    if (event.kind !== 'vm-changed' && event.kind !== 'vm-removed') return
    this.#history.note(event)
    if (event.kind === 'vm-changed' && event.change === 'migrated-away') this.#leftAt.set(event.vm, performance.now())
    this.mark(event.vm)
  }

  /** The VM is read again soon. */
  mark(uuid: string): void {
    this.#dirty.add(uuid)
    this.#schedule(debounceMs)
  }

  /** Reads one VM at once; resolves when its row is written. */
  async refresh(uuid: string): Promise<void> {
    await this.#inTurn(() => this.#readSome([uuid]))
  }

  /** Tries again to settle the rows of VMs that are gone. */
  async settle(): Promise<void> {
    if (this.#absent.size > 0) await this.#inTurn(() => this.#settle([...this.#absent]))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#work.catch(() => {})
  }

  #schedule(delayMs: number) {
    if (this.#stopped) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.#inTurn(() => this.#flush()).catch(() => {})
    }, delayMs)
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const next = this.#work.catch(() => {}).then(() => (this.#stopped ? undefined : work()))
    this.#work = next
    return next
  }

  async #flush() {
    const uuids = [...this.#dirty]
    if (uuids.length === 0 || this.#options.host.connection().state !== 'connected') return
    this.#dirty.clear()
    try {
      if (uuids.length > listAbove) await this.#readAll()
      else await this.#readSome(uuids)
    } catch (error) {
      this.#options.log.warn({ host: this.#options.hostId, vms: uuids.length, error: String(error) }, 'VMs not read')
      for (const uuid of uuids) this.#dirty.add(uuid)
      this.#schedule(retryMs)
    }
  }

  async #readAll(): Promise<number> {
    const { db, host, hostId } = this.#options
    const vms = await host.listVms()
    const present = new Set(vms.map((vm) => vm.uuid))
    await this.#write(vms)
    const absent = (await expectedVms(db, hostId)).filter((uuid) => !present.has(uuid))
    await this.#settle(absent)
    for (const uuid of this.known.keys()) if (!present.has(uuid)) this.known.delete(uuid)
    return vms.length
  }

  async #readSome(uuids: readonly string[]) {
    const found = await Promise.all(uuids.map((uuid) => this.#options.host.readVm(uuid)))
    await this.#write(found.filter((vm) => vm !== null))
    await this.#settle(uuids.filter((_, index) => found[index] === null))
  }

  async #write(vms: readonly VmFacts[]) {
    if (vms.length === 0) return
    const { db, hostId, sightings } = this.#options
    const events = this.#history.take(new Set(vms.map((vm) => vm.uuid)))
    const ids = await writeVms(db, hostId, vms, events)
    for (const vm of vms) {
      const { uuid, vcpuCount, state } = vm
      const id = ids.get(uuid)
      sightings.saw(hostId, uuid)
      this.#absent.delete(uuid)
      this.#leftAt.delete(uuid)
      if (id) this.known.set(uuid, { id, vcpuCount, state, fingerprint: fingerprintOf(vm) })
      else this.known.delete(uuid)
    }
  }

  async #settle(uuids: readonly string[]) {
    if (uuids.length === 0) return
    const { db, hostId, sightings, refreshElsewhere } = this.#options
    const now = performance.now()
    const arriving = uuids.filter((uuid) => now - (this.#leftAt.get(uuid) ?? -arrivalMs) < arrivalMs)
    const settled = uuids.filter((uuid) => !arriving.includes(uuid))
    const stayed = new Set(await settleAbsent(db, sightings, hostId, settled, refreshElsewhere))
    for (const uuid of uuids) {
      this.known.delete(uuid)
      this.#history.take(new Set([uuid]))
      if (stayed.has(uuid) || arriving.includes(uuid)) this.#absent.add(uuid)
      else {
        this.#absent.delete(uuid)
        this.#leftAt.delete(uuid)
      }
    }
  }
}
