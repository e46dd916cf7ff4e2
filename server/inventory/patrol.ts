import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { KnownVm } from './known-vm.ts'

export const patrolMs = 700
/** So many VMs are looked at in one round over all of a worker's hosts; of those that run, two definitions each. */
const budget = 200

/** How many VMs a worker looks after, over all its hosts. */
export interface FleetSize {
  readonly vms: number
}

export interface PatrolOptions {
  host: HypervisorHost
  known: ReadonlyMap<string, KnownVm>
  fleet: FleetSize
  onDifference: (uuid: string) => void
}

/**
 * Finds changes for which hypervisors send no event, such as what shall hold from a VM’s next start. Each round looks at some
 * VMs; in a small fleet at all of them.
 */
export class Patrol {
  readonly #options: PatrolOptions
  #place = 0

  constructor(options: PatrolOptions) {
    this.#options = options
  }

  async run(): Promise<void> {
    const { host, known, fleet, onDifference } = this.#options
    if (known.size === 0 || host.connection().state !== 'connected') return
    const uuids = [...known.keys()]
    const share = Math.min(1, budget / Math.max(1, fleet.vms))
    const start = Math.floor(this.#place)
    this.#place += uuids.length * share
    const round = uuids.slice(start, Math.floor(this.#place))
    if (this.#place >= uuids.length) this.#place = 0
    if (round.length === 0) return
    const before = new Map(round.map((uuid) => [uuid, known.get(uuid)]))
    const asked = round.map((uuid) => ({ uuid, hasNext: before.get(uuid)?.hasNext === true }))
    const found = await host.fingerprints(asked, { timeoutMs: 10_000 })
    for (const [uuid, fingerprint] of found) {
      const now = known.get(uuid)
      if (now && now === before.get(uuid) && now.fingerprint !== fingerprint) onDifference(uuid)
    }
  }
}
