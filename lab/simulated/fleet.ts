import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Host } from './model/host.ts'
import { makeHosts } from './model/make.ts'
import { reboot, resume, setAgent, start, suspend } from './model/power.ts'
import type { Vm } from './model/vm.ts'
import { seeded } from './model/wave.ts'
import { countedPlan, type FleetPlan, standingPlan } from './plan.ts'
import { SimulatedHost } from './simulated-host.ts'

export interface SimulatedFleetOptions {
  /** Where the hosts' sockets go. */
  dir: string
  /** A fleet of this size; the standing fleet without it. */
  size?: { hosts: number; vms: number }
  seed?: string
  /** How often something happens by itself, over the whole fleet. */
  eventsPerSecond?: number
  /** How fast memory and disks go from host to host. */
  linkBytesPerSecond?: { withinSite: number; betweenSites: number }
}

/** The longest path of a socket that every system takes. */
const longestSocketPath = 103
const gigabit = 125_000_000

/** Many simulated hosts in this process. They know each other, so that VMs can move between them. */
export class SimulatedFleet {
  readonly plan: FleetPlan
  readonly hosts: readonly SimulatedHost[]
  readonly #byName: ReadonlyMap<string, SimulatedHost>
  readonly #bySocket: ReadonlyMap<string, SimulatedHost>
  readonly #byAddress: ReadonlyMap<string, SimulatedHost>
  readonly #socketDir: string
  readonly #next: () => number
  readonly #eventsPerSecond: number
  #happening: NodeJS.Timeout | undefined

  constructor(options: SimulatedFleetOptions) {
    const { size, seed = 'skerry', eventsPerSecond = 0 } = options
    const link = options.linkBytesPerSecond ?? { withinSite: 10 * gigabit, betweenSites: 2.5 * gigabit }
    this.#next = seeded(`happening/${seed}`)
    this.#eventsPerSecond = eventsPerSecond
    this.plan = size ? countedPlan(size.hosts, size.vms, seed) : standingPlan()
    this.#socketDir = socketDirFor(resolve(options.dir), this.plan)
    this.hosts = makeHosts(this.plan).map(
      (model) => new SimulatedHost(model, join(this.#socketDir, `${model.name}.sock`)),
    )
    this.#byName = new Map(this.hosts.map((host) => [host.name, host]))
    this.#bySocket = new Map(this.hosts.map((host) => [host.socketPath, host]))
    this.#byAddress = new Map(this.hosts.map((host) => [host.model.plan.address, host]))
    for (const { model } of this.hosts) {
      model.findPeer = (uri) => this.#at(uri)?.model
      model.linkTo = (other) => (model.plan.siteKey === other.plan.siteKey ? link.withinSite : link.betweenSites)
    }
  }

  /** @throws Error when there is none of that name */
  host(name: string): SimulatedHost {
    const host = this.#byName.get(name)
    if (!host) throw new Error(`The simulated fleet has no host ${name}`)
    return host
  }

  /** Where a VM is now, by UUID or name; undefined when it is nowhere. */
  find(vm: string): { host: SimulatedHost; vm: Vm } | undefined {
    const isThere = (found: Vm | undefined): found is Vm => found !== undefined && !found.isComing
    for (const host of this.hosts) {
      const found = host.model.vms.get(vm)
      if (isThere(found)) return { host, vm: found }
    }
    for (const host of this.hosts) {
      const found = host.model.vmByName(vm)
      if (isThere(found)) return { host, vm: found }
    }
    return undefined
  }

  #at(uri: string): SimulatedHost | undefined {
    const url = URL.parse(uri)
    if (!url) return undefined
    const socket = url.searchParams.get('socket')
    return socket ? this.#bySocket.get(socket) : (this.#byAddress.get(url.hostname) ?? this.#byName.get(url.hostname))
  }

  async start(): Promise<void> {
    await mkdir(this.#socketDir, { recursive: true, mode: 0o700 })
    await Promise.all(this.hosts.map((host) => host.start()))
    this.#schedule()
  }

  async stop(): Promise<void> {
    clearTimeout(this.#happening)
    await Promise.all(this.hosts.map((host) => host.stop()))
    await rm(this.#socketDir, { recursive: true, force: true })
  }

  /** Changes a VM as someone else than Skerry would: pauses it, continues it, or starts it. @returns what was done */
  change(name: string): 'paused' | 'resumed' | 'started' {
    const found = this.find(name)
    if (!found) throw new Error(`The simulated fleet has no VM ${name}`)
    const { host, vm } = found
    if (!vm.isActive) {
      start(host.model, vm)
      return 'started'
    }
    if (vm.isRunning) {
      suspend(host.model, vm)
      return 'paused'
    }
    resume(host.model, vm)
    return 'resumed'
  }

  #schedule() {
    if (this.#eventsPerSecond <= 0) return
    // At high rates several at once: a timer has a resolution of a millisecond.
    const together = Math.max(1, Math.round(this.#eventsPerSecond / 200))
    this.#happening = setInterval(
      () => {
        for (let index = 0; index < together; index++) this.#happen()
      },
      (1000 * together) / this.#eventsPerSecond,
    )
  }

  /** Something that happens in a fleet by itself. */
  #happen() {
    const host = this.hosts[Math.floor(this.#next() * this.hosts.length)]
    const vms = host?.isOn ? [...host.model.vms.values()] : []
    const vm = vms[Math.floor(this.#next() * vms.length)]
    if (!host || !vm?.isRunning || vm.job) return
    const { model } = host
    const chance = this.#next()
    if (chance < 0.5) model.tell('domainBalloonChange', { domain: vm.handle, actualKiB: BigInt(vm.shape.memoryKiB) })
    else if (chance < 0.7) reboot(model, vm, 0)
    else if (chance < 0.85) this.#losesAgent(model, vm)
    else this.#pausesBriefly(model, vm)
  }

  #losesAgent(model: Host, vm: Vm) {
    setAgent(model, vm, false)
    setTimeout(() => vm.isRunning && setAgent(model, vm, true), 2000).unref()
  }

  #pausesBriefly(model: Host, vm: Vm) {
    suspend(model, vm)
    setTimeout(() => vm.isActive && !vm.job && resume(model, vm), 1500).unref()
  }
}

/** A folder under `dir`, or under the system's folder for temporary files where that makes paths too long for sockets. */
function socketDirFor(dir: string, plan: FleetPlan): string {
  const longest = Math.max(...plan.hosts.map(({ name }) => Buffer.byteLength(join(dir, 'run', `${name}.sock`))))
  if (longest <= longestSocketPath) return join(dir, 'run')
  return join(tmpdir(), `skerry-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`)
}
