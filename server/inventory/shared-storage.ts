import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Db } from '#server/db.ts'
import { type HypervisorHost, probeVolumePrefix } from '#server/hypervisor/driver.ts'

interface Pool {
  id: string
  hostId: string
  siteId: string
  name: string
  path: string
  sharedKey: string | null
}

export interface SharedStorageOptions {
  db: Db
  log: Logger
  open: (hostId: string) => Promise<HypervisorHost>
  /** Whether this worker looks after the host */
  isOurs: (hostId: string) => boolean
}

const limits = { timeoutMs: 30_000 }

/**
 * Finds out which folders of a site's hosts are the same storage: two hosts can have a folder of the same path, with
 * or without the same bytes in it. A small volume is made on one host, and whoever sees it shares the folder. Each pool
 * is asked about once after its host was connected.
 */
export class SharedStorage {
  readonly #options: SharedStorageOptions
  readonly #proved = new Set<string>()

  constructor(options: SharedStorageOptions) {
    this.#options = options
  }

  /** The host was away: what its folders hold may have changed. */
  forget(hostId: string): void {
    for (const key of this.#proved) if (key.startsWith(`${hostId} `)) this.#proved.delete(key)
  }

  async run(): Promise<void> {
    const pools = await this.#options.db.$queryRaw<Pool[]>`
      SELECT pool.id::text, host.id::text AS "hostId", host.site_id::text AS "siteId", pool.name, pool.path,
        pool.shared_key AS "sharedKey"
      FROM storage_pool AS pool JOIN host ON host.id = pool.host_id
      WHERE pool.kind IN ('dir', 'fs') AND pool.active AND pool.path IS NOT NULL AND host.state = 'connected'
        AND NOT host.simulated
      ORDER BY pool.shared_key NULLS LAST, pool.id`
    const places = Map.groupBy(pools, (pool) => `${pool.siteId} ${pool.path}`)
    for (const group of places.values()) {
      const isNew = group.some((pool) => this.#options.isOurs(pool.hostId) && !this.#isProved(pool))
      if (group.length > 1 && isNew) await this.#proveGroup(group)
    }
  }

  #isProved = (pool: Pool) => this.#proved.has(`${pool.hostId} ${pool.name}`)

  async #proveGroup(group: readonly Pool[]) {
    let left = [...group]
    while (left.length > 1 && left.some((pool) => !this.#isProved(pool))) {
      const [first, ...others] = left
      if (!first) return
      const seers = await this.#whoSees(first, others)
      if (seers === null) left = others
      else {
        const together = [first, ...seers]
        await this.#write(together)
        left = others.filter((pool) => !seers.includes(pool))
        for (const pool of together) this.#proved.add(`${pool.hostId} ${pool.name}`)
      }
    }
    const [last] = left
    if (last && !this.#isProved(last)) {
      await this.#write([last])
      this.#proved.add(`${last.hostId} ${last.name}`)
    }
  }

  /** Those of the others that see what is made in the first; null when nothing can be made there. */
  async #whoSees(first: Pool, others: readonly Pool[]): Promise<Pool[] | null> {
    const { log, open } = this.#options
    const name = `${probeVolumePrefix}${randomUUID()}`
    let seers: Pool[] = []
    try {
      const host = await open(first.hostId)
      const probe = { name, format: 'raw', capacityBytes: 512 } as const
      const { path } = await host.createVolume(first.name, probe, limits)
      try {
        const answers = await Promise.all(others.map((other) => this.#sees(other, path)))
        seers = others.filter((_, index) => answers[index])
      } finally {
        await host.deleteVolume(first.name, name, limits)
      }
      // Their daemons go on listing it until they look again.
      await Promise.all(seers.map((seer) => this.#sees(seer, path)))
      return seers
    } catch (error) {
      log.debug({ host: first.hostId, pool: first.name, error: String(error) }, 'shared storage not probed')
      return null
    }
  }

  async #sees(pool: Pool, path: string): Promise<boolean> {
    try {
      const host = await this.#options.open(pool.hostId)
      await host.refreshPool(pool.name, limits)
      return (await host.findVolume(path, limits)) !== null
    } catch (error) {
      this.#options.log.debug({ host: pool.hostId, pool: pool.name, error: String(error) }, 'shared storage not seen')
      return false
    }
  }

  /** One alone has no key; several get the one that the first of them has, or a new one. */
  async #write(together: readonly Pool[]) {
    const known = together.find((pool) => pool.sharedKey)?.sharedKey
    const key = together.length > 1 ? (known ?? `probed ${randomUUID()}`) : null
    await this.#options.db.$executeRaw`
      UPDATE storage_pool SET shared_key = ${key}
      WHERE id = ANY (${together.map((pool) => pool.id)}::uuid[]) AND shared_key IS DISTINCT FROM ${key}`
  }
}
