import { type Db, inScope, type Scope } from '#server/db.ts'
import type { LiveStat } from '#server/schema/live.ts'
import type { ChangeFeed } from './change-feed.ts'
import { scopeKey } from './scope-key.ts'

const batchMs = 1_000

interface Watcher {
  vmIds: ReadonlySet<string>
  tell: (stats: string) => void
}

interface Group {
  scope: Scope
  watchers: Set<Watcher>
  /** The newest reading that was handed out */
  newest: Date
}

/**
 * Hands new readings to whoever looks at a few VMs: once a second after some host reported, one query for each scope
 * whatever the number of watchers.
 */
export class StatHub {
  readonly #db: Db
  readonly #groups = new Map<string, Group>()
  #timer: NodeJS.Timeout | undefined

  constructor(db: Db, feed: ChangeFeed) {
    this.#db = db
    feed.onStat(() => this.#soon())
  }

  /** Calls `tell` with the JSON of LiveStat[] of those VMs that have newer readings. Returns the unsubscribe. */
  subscribe(scope: Scope, vmIds: readonly string[], tell: (stats: string) => void): () => void {
    const key = scopeKey(scope)
    const group = this.#groups.get(key) ?? { scope, watchers: new Set(), newest: new Date() }
    const watcher = { vmIds: new Set(vmIds), tell }
    group.watchers.add(watcher)
    this.#groups.set(key, group)
    return () => {
      group.watchers.delete(watcher)
      if (group.watchers.size === 0) this.#groups.delete(key)
    }
  }

  #soon() {
    if (this.#groups.size === 0) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      // A failed reading is made good by the next report.
      for (const group of this.#groups.values()) this.#read(group).catch(() => undefined)
    }, batchMs)
  }

  async #read(group: Group) {
    const vmIds = [...new Set([...group.watchers].flatMap((watcher) => [...watcher.vmIds]))]
    const rows = await inScope(this.#db, group.scope, (tx) =>
      tx.vmStat.findMany({ where: { vmId: { in: vmIds }, at: { gt: group.newest } } }),
    )
    if (rows.length === 0) return
    group.newest = new Date(Math.max(...rows.map((row) => row.at.getTime())))
    const stats = rows.map(
      (row): LiveStat => ({
        vmId: row.vmId,
        at: row.at.toISOString(),
        cpuUsage: row.cpuUsage,
        memoryUsedBytes: row.memoryUsedBytes === null ? null : Number(row.memoryUsedBytes),
        diskReadBytesPerSecond: row.diskReadBytesPerSecond,
        diskWriteBytesPerSecond: row.diskWriteBytesPerSecond,
        networkReceiveBitsPerSecond: row.networkReceiveBitsPerSecond,
        networkTransmitBitsPerSecond: row.networkTransmitBitsPerSecond,
      }),
    )
    for (const { vmIds: watched, tell } of group.watchers) {
      const own = stats.filter((stat) => watched.has(stat.vmId))
      if (own.length > 0) tell(JSON.stringify(own))
    }
  }
}
