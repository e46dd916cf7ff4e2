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

interface HostRow {
  id: string
  name: string
  uri: string
  credential: Uint8Array | null
}

interface Connection {
  host: HypervisorHost
  /** Another text when the host is to be reached in another way */
  way: string
}

const wayTo = ({ name, uri, credential }: HostRow) =>
  JSON.stringify([name, uri, credential && Buffer.from(credential).toString('base64')])

/**
 * Connections to hosts, one for each in this process, for whoever needs one: the inventory for the hosts it leased,
 * workflows for any. They stay open until closed, or until their host's row goes or says another address.
 */
export class Hosts {
  readonly #options: HostsOptions
  readonly #open = new Map<string, Promise<Connection>>()
  #closed = false

  constructor(options: HostsOptions) {
    this.#options = options
  }

  /** The host's connection, which may still be connecting. @throws not-found, or invalid for an address of no use */
  async open(hostId: string): Promise<HypervisorHost> {
    await this.releaseChanged(hostId)
    const known = this.#open.get(hostId)
    if (known) return (await known).host
    if (this.#closed) throw unavailable('This worker is stopping.')
    const opening = this.#connect(hostId)
    this.#open.set(hostId, opening)
    try {
      return (await opening).host
    } catch (error) {
      if (this.#open.get(hostId) === opening) this.#open.delete(hostId)
      throw error
    }
  }

  /** Whether whoever opens the host now gets this connection. */
  async has(hostId: string, host: HypervisorHost): Promise<boolean> {
    return (await this.#open.get(hostId)?.catch(() => undefined))?.host === host
  }

  /** Closes the connections, or this one, whose host's row has gone or says another address or credential. */
  async releaseChanged(hostId?: string): Promise<void> {
    const asked = [...this.#open].filter(([id]) => hostId === undefined || id === hostId)
    if (asked.length === 0) return
    const rows = await this.#rows(asked.map(([id]) => id))
    await Promise.all(
      asked.map(async ([id, opening]) => {
        const row = rows.get(id)
        const connection = await opening.catch(() => undefined)
        if (!connection || (row && wayTo(row) === connection.way) || this.#open.get(id) !== opening) return
        this.#open.delete(id)
        await connection.host.close()
      }),
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    const open = [...this.#open.values()]
    this.#open.clear()
    await Promise.all(open.map(async (opening) => (await opening.catch(() => undefined))?.host.close()))
  }

  async #rows(hostIds: readonly string[]): Promise<Map<string, HostRow>> {
    const rows = await this.#options.db.host.findMany({
      where: { id: { in: [...hostIds] } },
      select: { id: true, name: true, uri: true, credential: true },
    })
    return new Map(rows.map((row) => [row.id, row]))
  }

  async #connect(hostId: string): Promise<Connection> {
    const row = (await this.#rows([hostId])).get(hostId)
    if (!row) throw notFound('host', hostId)
    const address: HostAddress = { uri: row.uri, name: row.name }
    if (row.credential) address.credential = this.#unseal(row.credential, hostId)
    return { host: this.#options.driver.open(address), way: wayTo(row) }
  }

  #unseal(sealed: Uint8Array, hostId: string): NonNullable<HostAddress['credential']> {
    const { credentials } = this.#options
    if (!credentials) throw unavailable("The host's credentials are sealed and this worker has no key for them.")
    const { tls, ssh } = Credential.parse(credentials.open(sealed, hostId))
    return { ...(tls ? { tls } : {}), ...(ssh ? { ssh } : {}) }
  }
}
