import type { Db } from '#server/db.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { HostEvent } from '#server/hypervisor/host-event.ts'
import type { KnownVm } from './known-vm.ts'
import { inSql, lockVms, named } from './transaction.ts'

/** A guest gets its addresses some time after it starts. */
const afterStartMs = [3000, 10_000, 25_000]
const afterAgentMs = [200, 5000]
/** So many guests of a host are asked at once: a silent agent takes seconds. */
const atOnce = 2
/** What guests said is written together: few rows at a time, and not much later. */
const writeAbove = 100
const writeAfterMs = 100

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
  /** By MAC, by the VM's row */
  readonly #found = new Map<string, ReadonlyMap<string, string[]>>()
  #writing: Promise<void> = Promise.resolve()
  #flush: NodeJS.Timeout | undefined
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

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#flush)
    await this.#writing
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
    const { host, known } = this.#options
    const vm = known.get(uuid)
    if (vm?.state !== 'running' || host.connection().state !== 'connected') return
    const found = await host.readAddresses(uuid, { timeoutMs: 10_000 })
    // Of a guest that was suspended meanwhile only the host told, and not all.
    if (found.size > 0 && known.get(uuid)?.state === 'running') this.#write(vm.id, found)
  }

  #write(vmId: string, found: ReadonlyMap<string, string[]>) {
    this.#found.set(vmId, found)
    if (this.#found.size >= writeAbove) this.#writeAll()
    else this.#flush ??= setTimeout(() => this.#writeAll(), writeAfterMs)
  }

  #writeAll() {
    clearTimeout(this.#flush)
    this.#flush = undefined
    if (this.#stopped) return
    const found = new Map(this.#found)
    this.#found.clear()
    // The guests are asked again within a minute.
    this.#writing = this.#writing.then(() => writeAddresses(this.#options.db, found)).catch(() => {})
  }
}

/** IPv4 before IPv6, without those that mean only the own link. */
export function reachable(addresses: Iterable<string>): string[] {
  const global = [...new Set(addresses)].filter((address) => !/^(fe80:|169\.254\.|127\.|::1$)/i.test(address))
  return global.toSorted((a, b) => Number(a.includes(':')) - Number(b.includes(':')) || (a < b ? -1 : 1))
}

async function writeAddresses(db: Db, found: ReadonlyMap<string, ReadonlyMap<string, string[]>>): Promise<void> {
  const cards = [...found].flatMap(([vmId, byMac]) =>
    [...byMac].map(([mac, addresses]) => ({ vmId, mac, addresses: reachable(addresses) })),
  )
  const vms = [...found].map(([vmId, byMac]) => ({ vmId, addresses: reachable([...byMac.values()].flat()) }))
  const write = named('write addresses')`
    WITH cards AS (
      UPDATE vm_interface SET addresses = seen.addresses
      FROM json_to_recordset(${JSON.stringify(cards)}::json) AS seen ("vmId" uuid, mac text, addresses text[])
      WHERE vm_interface.vm_id = seen."vmId" AND vm_interface.mac = seen.mac
        AND vm_interface.addresses <> seen.addresses)
    UPDATE vm SET addresses = seen.addresses
    FROM json_to_recordset(${JSON.stringify(vms)}::json) AS seen ("vmId" uuid, addresses text[])
    WHERE vm.id = seen."vmId" AND vm.addresses <> seen.addresses`
  await inSql(db, async (sql) => {
    await lockVms(sql, [...found.keys()])
    await sql.query(write)
  })
}
