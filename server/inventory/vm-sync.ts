import type { Logger } from 'pino'
import type { Db } from '#server/db.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { VmFacts } from '#server/hypervisor/facts.ts'
import type { HostEvent } from '#server/hypervisor/host-event.ts'
import { type KnownVm, marksOf } from './known-vm.ts'
import { type Sightings, settleAbsent } from './sighting.ts'
import { expectedVms, ownerless } from './vm-absence.ts'
import { VmHistory } from './vm-history.ts'
import { writeNextXmls, writeVms } from './vm-table.ts'

/** Events come in bursts, one start gives four: the first is followed at once, the others together. */
const gatherMs = 30
const retryMs = 1000
/** At the moment of its change a VM is busy, and the hypervisor does not wait to tell the sizes of its disks. */
const sizesAfterMs = 150
/** Above so many changed VMs one listing costs the host less than asking for each. */
const listAbove = 100
/** So many parts of a listing are written at the same time. */
const partsAtOnce = 4
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
  /** Told of, or read, since the last listing began. */
  readonly #touched = new Set<string>()
  /** Gone from the host, but their rows had to stay for now. */
  readonly #absent = new Set<string>()
  /** Here too, but the database has them on another host. */
  readonly #elsewhere = new Set<string>()
  readonly #sizesAsked = new Set<string>()
  readonly #leftAt = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #flushedAt = Number.NEGATIVE_INFINITY
  #work: Promise<void> = Promise.resolve()
  #listing: Promise<number> | undefined
  #stopped = false

  constructor(options: VmSyncOptions) {
    this.#options = options
  }

  /** Reads every VM and writes every row that differs; throws what the host or the database throws. */
  async syncAll(): Promise<number> {
    await this.#listing?.catch(() => {})
    return this.#list({ force: true })
  }

  hear(event: HostEvent): void {
    if (event.kind !== 'vm-changed' && event.kind !== 'vm-removed') return
    this.#history.note(event)
    if (event.kind === 'vm-changed' && event.change === 'migrated-away') this.#leftAt.set(event.vm, performance.now())
    // A start resumes the guest that was made ready: what comes next says which of both it was.
    this.mark(event.vm, event.kind === 'vm-changed' && event.change === 'resumed' ? gatherMs : undefined)
  }

  /** The VM is read again soon. */
  mark(uuid: string, delayMs?: number): void {
    this.#dirty.add(uuid)
    this.#touched.add(uuid)
    this.#schedule(delayMs)
  }

  /** Something is other than it is known, whoever noticed: it is read again, unless all are being read. */
  suspect(uuid: string): void {
    if (this.#listing) return
    this.#dirty.add(uuid)
    this.#schedule()
  }

  /** Reads one VM at once; resolves when its row is written. */
  async refresh(uuid: string): Promise<void> {
    this.#touched.add(uuid)
    await this.#inTurn(() => this.#readSome([uuid], { force: true }))
  }

  /** Looks again at the rows of VMs that are gone, and at VMs that are here while their rows say another host. */
  async settle(): Promise<void> {
    const { db, host } = this.#options
    if (host.connection().state !== 'connected') return
    if (this.#absent.size > 0) await this.#inTurn(() => this.#settle([...this.#absent]))
    for (const uuid of await ownerless(db, [...this.#elsewhere])) this.mark(uuid)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#listing?.catch(() => {})
    await this.#work.catch(() => {})
  }

  #schedule(delayMs = Math.max(0, this.#flushedAt + gatherMs - performance.now())) {
    if (this.#stopped) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#flushedAt = performance.now()
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
    const many = uuids.length > listAbove
    if (many && this.#listing) {
      this.#listing.catch(() => {}).finally(() => this.#schedule(gatherMs))
      return
    }
    this.#dirty.clear()
    if (many) this.#list({ force: false }).catch((error: unknown) => this.#again(uuids, error))
    else await this.#readSome(uuids, { force: false }).catch((error: unknown) => this.#again(uuids, error))
  }

  #again(uuids: readonly string[], error: unknown) {
    const { hostId, host, log } = this.#options
    if (this.#stopped || host.connection().state !== 'connected') return
    log.warn({ host: hostId, vms: uuids.length, error: String(error) }, 'VMs not read')
    for (const uuid of uuids) this.#dirty.add(uuid)
    this.#schedule(retryMs)
  }

  #list(how: { force: boolean }): Promise<number> {
    const listing = this.#readAll(how)
    this.#listing = listing
    const done = () => {
      if (this.#listing === listing) this.#listing = undefined
    }
    listing.then(done, done)
    return listing
  }

  /**
   * What the list says of a VM can be older than what an event told meanwhile, so those are left to the events. Rows are
   * written some at a time, and events' rows in between.
   */
  async #readAll(how: { force: boolean }): Promise<number> {
    const { db, host, hostId } = this.#options
    this.#touched.clear()
    const untouched = (uuid: string) => !this.#touched.has(uuid)
    const writes: Promise<void>[] = []
    const waiting: VmFacts[][] = []
    const writeSome = (some: VmFacts[]) =>
      this.#write(
        some.filter(({ uuid }) => untouched(uuid)),
        how,
      )
    const onSome = (some: VmFacts[]) => {
      waiting.push(some)
      const write = this.#inTurn(async () => {
        await Promise.all(waiting.splice(0, partsAtOnce).map(writeSome))
      })
      write.catch(() => {}) // thrown again below, when all are read
      writes.push(write)
    }
    // Nobody waits for all of what shall hold from the next start, but for the first sight of a host.
    const vms = await host.listVms({ onSome, withNext: !how.force })
    await Promise.all(writes)
    const present = new Set(vms.map((vm) => vm.uuid))
    await this.#inTurn(async () => {
      const expected = await expectedVms(db, hostId)
      await this.#settle(expected.filter((uuid) => !present.has(uuid) && untouched(uuid)))
    })
    for (const uuid of this.known.keys()) if (!present.has(uuid) && untouched(uuid)) this.known.delete(uuid)
    await this.#readNexts(vms.filter(({ uuid, nextXml }) => nextXml === undefined && untouched(uuid)))
    return vms.length
  }

  /** Of VMs that were listed without their next definitions and have not changed since. */
  async #readNexts(vms: readonly VmFacts[]) {
    const { db, host, hostId } = this.#options
    const listed = new Map(vms.map((vm) => [vm.uuid, vm]))
    const writes: Promise<void>[] = []
    const onSome = (some: ReadonlyMap<string, string>) => {
      const write = this.#inTurn(async () => {
        const still = new Map([...some].filter(([uuid]) => this.known.has(uuid) && !this.#touched.has(uuid)))
        await writeNextXmls(db, hostId, still)
        for (const [uuid, nextXml] of still) {
          const [vm, known] = [listed.get(uuid), this.known.get(uuid)]
          if (vm && known) this.known.set(uuid, { ...known, ...marksOf({ ...vm, nextXml }) })
        }
      })
      write.catch(() => {}) // thrown again below, when all are read
      writes.push(write)
    }
    await host.readNextXmls([...listed.keys()], onSome)
    await Promise.all(writes)
  }

  async #readSome(uuids: readonly string[], how: { force: boolean }) {
    const found = await Promise.all(uuids.map((uuid) => this.#options.host.readVm(uuid, { withNext: true })))
    await this.#write(
      found.filter((vm) => vm !== null),
      how,
    )
    for (const vm of found) if (vm) this.#askForSizes(vm)
    await this.#settle(uuids.filter((_, index) => found[index] === null))
  }

  /** Reads a VM once more where sizes were not told. */
  #askForSizes(vm: VmFacts) {
    const isTold = vm.disks.every((disk) => disk.source === null || disk.capacityBytes > 0)
    if (this.#sizesAsked.delete(vm.uuid) || isTold) return
    this.#sizesAsked.add(vm.uuid)
    setTimeout(() => this.suspect(vm.uuid), sizesAfterMs).unref()
  }

  /** Without force, a VM that is as it was last written is left alone. */
  async #write(vms: readonly VmFacts[], { force }: { force: boolean }) {
    const { db, hostId, sightings } = this.#options
    const marks = new Map(vms.map((vm) => [vm.uuid, marksOf(vm)]))
    const changed = vms.filter(
      ({ uuid }) => force || this.known.get(uuid)?.written !== marks.get(uuid)?.written || this.#history.has(uuid),
    )
    const events = this.#history.take(changed.map((vm) => vm.uuid))
    const withDevices = changed.flatMap(({ uuid }) =>
      force || this.known.get(uuid)?.writtenDevices !== marks.get(uuid)?.writtenDevices ? [uuid] : [],
    )
    const written = writeVms(db, hostId, changed, { events, withDevices: new Set(withDevices) })
    const ids = await written.catch((error: unknown) => {
      this.#history.putBack(events)
      throw error
    })
    // One that is still coming in has no row here yet; what was told of it is written when it has.
    this.#history.putBack(events.filter(({ uuid }) => !ids.has(uuid)))
    for (const vm of changed) {
      const { uuid, vcpuCount, state } = vm
      const id = ids.get(uuid)
      const mark = marks.get(uuid)
      if (id && mark) this.known.set(uuid, { id, vcpuCount, state, ...mark })
      else this.known.delete(uuid)
      if (id || vm.incoming) this.#elsewhere.delete(uuid)
      else this.#elsewhere.add(uuid)
    }
    for (const { uuid } of vms) {
      sightings.saw(hostId, uuid)
      this.#absent.delete(uuid)
      this.#leftAt.delete(uuid)
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
      this.#history.take([uuid])
      this.#elsewhere.delete(uuid)
      this.#sizesAsked.delete(uuid)
      if (stayed.has(uuid) || arriving.includes(uuid)) this.#absent.add(uuid)
      else {
        this.#absent.delete(uuid)
        this.#leftAt.delete(uuid)
      }
    }
  }
}
