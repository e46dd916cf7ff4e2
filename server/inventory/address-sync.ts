import type { Db } from '#server/db.ts'
import type { HostEvent, HypervisorHost } from '#server/hypervisor/driver.ts'
import { transact } from './transaction.ts'
import type { KnownVm } from './vm-sync.ts'

/** A guest gets its addresses some time after it starts. */
const afterStartMs = [3000, 10_000, 25_000]
const afterAgentMs = [200, 5000]
/** So many guests of a host are asked at once: a silent agent takes seconds. */
const atOnce = 2

export interface AddressSyncOptions {
  db: Db
  host: HypervisorHost
  known: ReadonlyMap<string, KnownVm>
}

/** Finds out under which addresses guests can be reached. */
export class AddressSync {
  readonly #options: AddressSyncOptions
  readonly #queue = new Set<string>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #working = 0
  #stopped = false

  constructor(options: AddressSyncOptions) {
    this.#options = options
  }

  hear(event: HostEvent): void {
    if (event.kind !== 'vm-changed') return
    if (event.change === 'started') this.#later(event.vm, afterStartMs)
    if (event.change === 'agent-connected' || event.change === 'migrated-here') this.#later(event.vm, afterAgentMs)
  }

  /** Asks every running guest. */
  askAll(): void {
    for (const [uuid, vm] of this.#options.known) if (vm.state === 'running') this.#ask(uuid)
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#queue.clear()
  }

  #later(uuid: string, delaysMs: readonly number[]) {
    for (const delayMs of delaysMs) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        this.#ask(uuid)
      }, delayMs)
      this.#timers.add(timer)
    }
  }

  #ask(uuid: string) {
    if (this.#stopped) return
    this.#queue.add(uuid)
    while (this.#working < atOnce && this.#queue.size > 0) void this.#work()
  }

  async #work() {
    this.#working++
    try {
      for (const uuid of this.#queue) {
        this.#queue.delete(uuid)
        await this.#read(uuid).catch(() => {}) // the guest is asked again within a minute
      }
    } finally {
      this.#working--
    }
  }

  async #read(uuid: string) {
    const { db, host, known } = this.#options
    const vm = known.get(uuid)
    if (vm?.state !== 'running' || host.connection().state !== 'connected') return
    const found = await host.readAddresses(uuid, { timeoutMs: 10_000 })
    // Of a guest that was suspended meanwhile only the host told, and not all.
    if (found.size > 0 && known.get(uuid)?.state === 'running') await writeAddresses(db, vm.id, found)
  }
}

/** IPv4 before IPv6, without those that mean only the own link. */
export function reachable(addresses: Iterable<string>): string[] {
  const global = [...new Set(addresses)].filter((address) => !/^(fe80:|169\.254\.|127\.|::1$)/i.test(address))
  return global.toSorted((a, b) => Number(a.includes(':')) - Number(b.includes(':')) || (a < b ? -1 : 1))
}

async function writeAddresses(db: Db, vmId: string, byMac: ReadonlyMap<string, string[]>): Promise<void> {
  const rows = [...byMac].map(([mac, addresses]) => ({ mac, addresses: reachable(addresses) }))
  const all = reachable(rows.flatMap((row) => row.addresses))
  await transact(db, async (tx) => {
    await tx.$executeRaw`SELECT FROM vm WHERE id = ${vmId}::uuid FOR NO KEY UPDATE`
    await tx.$executeRaw`
      UPDATE vm_interface SET addresses = seen.addresses
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS seen (mac text, addresses text[])
      WHERE vm_id = ${vmId}::uuid AND vm_interface.mac = seen.mac AND vm_interface.addresses <> seen.addresses`
    await tx.$executeRaw`UPDATE vm SET addresses = ${all}::text[] WHERE id = ${vmId}::uuid AND addresses <> ${all}::text[]`
  })
}
