import type { Db } from '#server/db.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { libvirtDriver } from '#server/hypervisor/libvirt/driver.ts'

/** Connections to the hosts of a test's database by the address in their rows. */
export class TestHosts {
  readonly #db: Db
  readonly #open = new Map<string, HypervisorHost>()

  constructor(db: Db) {
    this.#db = db
  }

  async open(hostId: string): Promise<HypervisorHost> {
    const known = this.#open.get(hostId)
    if (known) return known
    const row = await this.#db.host.findUniqueOrThrow({ where: { id: hostId } })
    const host = this.#open.get(hostId) ?? libvirtDriver.open({ uri: row.uri, name: row.name })
    this.#open.set(hostId, host)
    return host
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((host) => host.close()))
  }
}
