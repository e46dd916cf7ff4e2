import { stableUuid } from '#lab/guest/definition.ts'
import type { EventName, ServedEventBody } from '#server/libvirt/protocol.ts'
import { lifecycleEvent } from '#server/libvirt/value.ts'
import { Refusal } from '../refusal.ts'
import type { Pool, Volume } from './storage.ts'
import type { Vm } from './vm.ts'

export type EventContent<N extends EventName> = Omit<ServedEventBody<N>, 'callbackId'>
export type Tell = <N extends EventName>(name: N, content: EventContent<N>) => void

export interface HostPlan {
  name: string
  siteKey: string
  /** Where it would be on a network; nothing listens there. */
  address: string
  cpus: number
  cpuModel: string
  mhz: number
  memoryKiB: number
}

const reservedKiB = 2 * 1024 * 1024
/** The network of every host, the same as in the lab of real ones. */
export const fleetNetwork = 'fleet'

/** A simulated host: its VMs, pools and capacity. How it is reached is the endpoint's business. */
export class Host {
  readonly plan: HostPlan
  readonly uuid: string
  readonly networkUuid: string
  readonly vms = new Map<string, Vm>()
  readonly pools: readonly Pool[]
  /** Events to whoever listens. */
  tell: Tell = () => {}
  /** The host that a URI leads to, as another host sees it; undefined when none answers there. */
  findPeer: (uri: string) => Host | undefined = () => undefined
  /** Bytes a second of a migration to another host. */
  linkTo: (other: Host) => number = () => 1.1e9
  isOn = true
  #nextId = 1
  readonly #startedAtMs = Date.now()
  #busyNs = 0
  #countedAtMs = Date.now()

  constructor(plan: HostPlan, pools: readonly Pool[]) {
    this.plan = plan
    this.uuid = stableUuid(`host/${plan.name}`)
    this.networkUuid = stableUuid(`network/${plan.name}/${fleetNetwork}`)
    this.pools = pools
  }

  get name(): string {
    return this.plan.name
  }

  takeId(): number {
    return this.#nextId++
  }

  /** @throws Refusal when there is none */
  vm(uuid: string): Vm {
    const vm = this.vms.get(uuid)
    if (vm) return vm
    throw new Refusal('noDomain', `Domain not found: no domain with matching uuid '${uuid}'`)
  }

  vmByName(name: string): Vm | undefined {
    for (const vm of this.vms.values()) if (vm.name === name) return vm
    return undefined
  }

  /** @throws Refusal when there is none */
  pool(name: string): Pool {
    const pool = this.pools.find((each) => each.name === name)
    if (pool) return pool
    throw new Refusal(
      'noStoragePool',
      `Storage pool not found: no storage pool with matching name '${name}'`,
      'storage',
    )
  }

  volumeAt(path: string): { pool: Pool; volume: Volume } | undefined {
    const name = path.slice(path.lastIndexOf('/') + 1)
    for (const pool of this.pools) {
      const volume = path === `${pool.path}/${name}` ? pool.volumes.get(name) : undefined
      if (volume) return { pool, volume }
    }
    return undefined
  }

  get freeMemoryKiB(): number {
    let free = this.plan.memoryKiB - reservedKiB
    for (const vm of this.vms.values()) if (vm.isActive) free -= vm.shape.memoryKiB
    return Math.max(0, free)
  }

  /** @throws Refusal when a VM of this size does not fit any more */
  reserve(memoryKiB: number) {
    if (memoryKiB <= this.freeMemoryKiB) return
    const text =
      'internal error: qemu unexpectedly closed the monitor: cannot set up guest memory: Cannot allocate memory'
    throw new Refusal('internalError', text)
  }

  /** Nanoseconds of all processors since the host was made: busy and in all. */
  cpuTimes(): { busyNs: number; totalNs: number } {
    const nowMs = Date.now()
    let busy = 0.02 * this.plan.cpus
    for (const vm of this.vms.values()) {
      if (vm.isRunning) busy += vm.load.cpu.at(vm.ranMs / 1000) * vm.shape.vcpus
    }
    this.#busyNs += Math.min(busy, this.plan.cpus) * (nowMs - this.#countedAtMs) * 1e6
    this.#countedAtMs = nowMs
    return { busyNs: this.#busyNs, totalNs: (nowMs - this.#startedAtMs) * 1e6 * this.plan.cpus }
  }

  /** Says that the life of a VM took a turn; `event` by its name, `detail` by its number. */
  tellLife(vm: Vm, event: keyof typeof lifecycleEvent, detail: number) {
    this.tell('domainLifecycle', { domain: vm.handle, event: lifecycleEvent[event], detail })
  }

  /** The power fails: what runs is lost, what is defined stays. */
  losePower() {
    this.isOn = false
    for (const vm of [...this.vms.values()]) {
      if (!vm.isActive) continue
      vm.end(0)
      if (!vm.isPersistent) this.vms.delete(vm.uuid)
    }
  }
}
