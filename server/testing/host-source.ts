import type { Host } from '#prisma/generated/client.ts'
import { CredentialBox } from '#server/core/credential.ts'
import type { Db } from '#server/db.ts'
import { env } from '#server/env.ts'
import type { HostAddress, HypervisorHost } from '#server/hypervisor/driver.ts'
import { libvirtDriver } from '#server/hypervisor/libvirt/driver.ts'
import { Credential } from '#server/schema/host-action.ts'

/** How the host of a row is reached, with its credential unsealed. */
export function addressOf(row: Pick<Host, 'id' | 'name' | 'uri' | 'credential'>): HostAddress {
  const address: HostAddress = { uri: row.uri, name: row.name }
  if (!row.credential) return address
  const { tls, ssh } = Credential.parse(CredentialBox.fromText(env().SKERRY_KEY).open(row.credential, row.id))
  return { ...address, credential: { ...(tls ? { tls } : {}), ...(ssh ? { ssh } : {}) } }
}

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
    const host = this.#open.get(hostId) ?? libvirtDriver.open(addressOf(row))
    this.#open.set(hostId, host)
    return host
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((host) => host.close()))
  }
}
