import type { Db, Scope } from '#server/db.ts'
import { log } from '#server/log.ts'
import { ChangeFeed } from './change-feed.ts'
import { LiveHub, resetText } from './live-hub.ts'
import { Mailbox } from './mailbox.ts'
import { StatHub } from './stat-hub.ts'

/** A browser that is this many batches behind reads everything again instead. */
const mailboxLimit = 200
const idleMs = 20_000

/** What a process needs to stream changes to browsers; the connection opens with the first stream. */
export class Live {
  readonly #feed: ChangeFeed
  readonly #hub: LiveHub
  readonly #stats: StatHub
  #opened: Promise<void> | undefined

  constructor(databases: { db: Db; fleetDb: Db }, databaseUrl: string) {
    this.#feed = new ChangeFeed(databaseUrl)
    this.#hub = new LiveHub(databases, this.#feed)
    this.#stats = new StatHub(databases.db, this.#feed)
  }

  /** JSON of LiveBatch, the first one a reset: what was read before the stream began may be old. Null while idle. */
  async *changes(scope: Scope, signal: AbortSignal | undefined): AsyncGenerator<string | null> {
    await this.#open()
    const mailbox = new Mailbox<string>(mailboxLimit, resetText)
    const unsubscribe = this.#hub.subscribe(scope, (batch) => mailbox.put(batch))
    try {
      yield resetText
      yield* mailbox.read(signal, idleMs)
    } finally {
      unsubscribe()
    }
  }

  /** JSON of LiveStat[]. Null while idle. */
  async *stats(scope: Scope, vmIds: readonly string[], signal: AbortSignal | undefined): AsyncGenerator<string | null> {
    await this.#open()
    const mailbox = new Mailbox<string>(mailboxLimit, '[]')
    const unsubscribe = this.#stats.subscribe(scope, vmIds, (stats) => mailbox.put(stats))
    try {
      yield* mailbox.read(signal, idleMs)
    } finally {
      unsubscribe()
    }
  }

  async close(): Promise<void> {
    if (this.#opened) await this.#feed.close()
  }

  #open(): Promise<void> {
    this.#opened ??= this.#feed.open().catch((error: Error) => {
      this.#opened = undefined
      log.error({ error: error.message }, 'the change feed could not be opened')
      throw error
    })
    return this.#opened
  }
}
