import type { Logger } from 'pino'
import type { Db } from '#server/db.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { HostFacts } from '#server/hypervisor/facts.ts'
import type { HostEvent } from '#server/hypervisor/host-event.ts'
import { writeAccelerator, writeDevices, writeFacts, writeNetworks, writeStorage } from './host-table.ts'

const debounceMs = 100

export interface HostSyncOptions {
  db: Db
  host: HypervisorHost
  hostId: string
  log: Logger
}

type Part = 'storage' | 'networks' | 'devices'

/** Keeps the rows of a host itself in step: what it is, its storage, networks, devices and accelerator. */
export class HostSync {
  readonly #options: HostSyncOptions
  readonly #dirty = new Set<Part>()
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> = Promise.resolve()
  #provedFor: string | undefined

  constructor(options: HostSyncOptions) {
    this.#options = options
  }

  async syncAll(): Promise<void> {
    const { db, host, hostId } = this.#options
    const [facts] = await Promise.all([host.facts(), this.syncStorage(), this.#syncNetworks()])
    await writeFacts(db, hostId, facts)
    await writeDevices(db, hostId, facts.devices)
    await this.#proveAccelerator(facts)
  }

  async syncStorage(): Promise<void> {
    const { db, host, hostId } = this.#options
    await writeStorage(db, hostId, await host.listStoragePools())
  }

  hear(event: HostEvent): void {
    const part = parts[event.kind]
    if (!part) return
    this.#dirty.add(part)
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#work = this.#work.then(() => this.#flush())
    }, debounceMs)
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#work
  }

  async #flush() {
    const dirty = new Set(this.#dirty)
    this.#dirty.clear()
    const { db, host, hostId, log } = this.#options
    try {
      if (dirty.has('storage')) await this.syncStorage()
      if (dirty.has('networks')) await this.#syncNetworks()
      if (dirty.has('devices')) await writeDevices(db, hostId, (await host.facts()).devices)
    } catch (error) {
      log.warn({ host: hostId, error: String(error) }, 'storage, networks or devices not read')
    }
  }

  async #syncNetworks() {
    const { db, host, hostId } = this.#options
    await writeNetworks(db, hostId, await host.listNetworks())
  }

  /** A proof holds until libvirt or QEMU changes. */
  async #proveAccelerator({ libvirtVersion, hypervisorVersion, hostUuid, simulated }: HostFacts) {
    const { db, host, hostId, log } = this.#options
    const proofFor = `${hostUuid} ${libvirtVersion} ${hypervisorVersion}`
    if (this.#provedFor === proofFor) return
    try {
      const simulation = { accelerator: 'emulation', reason: 'A simulated host runs no guests.' } as const
      await writeAccelerator(db, hostId, simulated ? simulation : await host.proveAccelerator({ timeoutMs: 20_000 }))
      this.#provedFor = proofFor
    } catch (error) {
      log.warn({ host: hostId, error: String(error) }, 'accelerator not proved')
      const reason = error instanceof Error ? error.message : String(error)
      await writeAccelerator(db, hostId, { accelerator: 'unknown', reason })
    }
  }
}

const parts: Partial<Record<HostEvent['kind'], Part>> = {
  'storage-changed': 'storage',
  'network-changed': 'networks',
  'device-changed': 'devices',
}
