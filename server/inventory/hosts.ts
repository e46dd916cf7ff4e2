import type { CredentialBox } from '#server/core/credential.ts'
import type { Db } from '#server/db.ts'
import { notFound, unavailable } from '#server/errors.ts'
import type { HostAddress, HypervisorDriver, HypervisorHost } from '#server/hypervisor/driver.ts'
import { Credential } from '#server/schema/host-action.ts'

export interface HostsOptions {
  db: Db
  driver: HypervisorDriver
  /** Opens sealed credentials; without it only hosts without credentials can be opened */
  credentials?: CredentialBox | undefined
}

/**
 * Connections to hosts, one for each in this process, for whoever needs one: the inventory for the hosts it leased,
 * workflows for any. They stay open until released or closed: the inventory
 * releases a host whose address changed or whose row went.
 */
export class Hosts {
  readonly #options: HostsOptions
  readonly #open = new Map<string, Promise<HypervisorHost>>()
  #closed = false

  constructor(options: HostsOptions) {
    this.#options = options
  }

  /** The host's connection, which may still be connecting. @throws not-found, or invalid for an address of no use */
  async open(hostId: string): Promise<HypervisorHost> {
    const known = this.#open.get(hostId)
    if (known) return known
    if (this.#closed) throw unavailable('This worker is stopping.')
    const opening = this.#connect(hostId)
    this.#open.set(hostId, opening)
    try {
      return await opening
    } catch (error) {
      this.#open.delete(hostId)
      throw error
    }
  }

  /** Closes a host's connection; whoever opens it again gets one to what its row says then. */
  async release(hostId: string): Promise<void> {
    const opening = this.#open.get(hostId)
    this.#open.delete(hostId)
    await (await opening?.catch(() => undefined))?.close()
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#open.keys()].map((hostId) => this.release(hostId)))
  }

  async #connect(hostId: string): Promise<HypervisorHost> {
    const row = await this.#options.db.host.findUnique({
      where: { id: hostId },
      select: { name: true, uri: true, credential: true },
    })
    if (!row) throw notFound('host', hostId)
    const address: HostAddress = { uri: row.uri, name: row.name }
    if (row.credential) address.credential = this.#unseal(row.credential, hostId)
    return this.#options.driver.open(address)
  }

  #unseal(sealed: Uint8Array, hostId: string): NonNullable<HostAddress['credential']> {
    const { credentials } = this.#options
    if (!credentials) throw unavailable("The host's credentials are sealed and this worker has no key for them.")
    const { tls, ssh } = Credential.parse(credentials.open(sealed, hostId))
    return { ...(tls ? { tls } : {}), ...(ssh ? { ssh } : {}) }
  }
}
