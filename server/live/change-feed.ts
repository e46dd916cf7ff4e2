import pg from 'pg'
import { log } from '#server/log.ts'

/** One change as a trigger announces it; without rows too many changed to name them. */
export interface Change {
  noun: string
  operation: 'insert' | 'update' | 'delete'
  /** [id, tenantId] pairs */
  rows: [id: string, tenantId: string | null][] | null
}

type ChangeListener = (change: Change) => void
type StatListener = (hostId: string) => void

const reconnectMs = 500

/**
 * One LISTEN connection a process. A lost connection is opened again by itself; since notices may have been missed
 * meanwhile, `onReset` then tells everyone to read again.
 */
export class ChangeFeed {
  readonly #url: string
  readonly #changes = new Set<ChangeListener>()
  readonly #stats = new Set<StatListener>()
  readonly #resets = new Set<() => void>()
  #client: pg.Client | undefined
  #closed = false

  constructor(url: string) {
    this.#url = url
  }

  async open(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      keepAlive: true,
      application_name: 'skerry change feed',
    })
    client.on('notification', (notice) => this.#receive(notice.channel, notice.payload ?? ''))
    client.on('error', (error) => log.warn({ error: error.message }, 'change feed: connection error'))
    this.#client = client
    try {
      await client.connect()
      await client.query('LISTEN skerry_change; LISTEN skerry_stat')
    } catch (error) {
      client.end().catch(() => undefined)
      throw error
    }
    // An attempt that fails ends as well, and its caller decides what then: one retry for each, or they double.
    client.once('end', () => this.#again())
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#client?.end()
  }

  onChange(listener: ChangeListener): () => void {
    this.#changes.add(listener)
    return () => this.#changes.delete(listener)
  }

  onStat(listener: StatListener): () => void {
    this.#stats.add(listener)
    return () => this.#stats.delete(listener)
  }

  onReset(listener: () => void): () => void {
    this.#resets.add(listener)
    return () => this.#resets.delete(listener)
  }

  #receive(channel: string, payload: string) {
    if (channel === 'skerry_stat') {
      for (const listener of this.#stats) listener(payload)
      return
    }
    const notice = JSON.parse(payload) as { t: string; o: Change['operation']; r?: Change['rows'] }
    const change: Change = { noun: notice.t, operation: notice.o, rows: notice.r ?? null }
    for (const listener of this.#changes) listener(change)
  }

  #again() {
    if (this.#closed) return
    setTimeout(() => {
      if (this.#closed) return
      this.open()
        .then(() => {
          for (const listener of this.#resets) listener()
        })
        .catch((error: Error) => {
          log.warn({ error: error.message }, 'change feed: reconnecting')
          this.#again()
        })
    }, reconnectMs).unref()
  }
}
