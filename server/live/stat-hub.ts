import { type Db, inScope, type Scope } from '#server/db.ts'
import type { LiveStat } from '#server/schema/live.ts'
import type { ChangeFeed } from './change-feed.ts'

const batchMs = 500

/** Hands new readings to whoever looks at a few VMs: reads them again at most twice a second after a host reported. */
export class StatHub {
  readonly #db: Db
  readonly #feed: ChangeFeed

  constructor(db: Db, feed: ChangeFeed) {
    this.#db = db
    this.#feed = feed
  }

  /** Calls `listener` with the JSON of LiveStat[] of those VMs that have newer readings. Returns the unsubscribe. */
  subscribe(scope: Scope, vmIds: readonly string[], listener: (stats: string) => void): () => void {
    let newest = new Date(0)
    let timer: NodeJS.Timeout | undefined
    const read = async () => {
      const rows = await inScope(this.#db, scope, (tx) =>
        tx.vmStat.findMany({ where: { vmId: { in: [...vmIds] }, at: { gt: newest } } }),
      )
      if (rows.length === 0) return
      newest = new Date(Math.max(...rows.map((row) => row.at.getTime())))
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
      listener(JSON.stringify(stats))
    }
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined
        // A failed read is made good by the next report.
        read().catch(() => undefined)
      }, batchMs)
    }
    const unsubscribe = this.#feed.onStat(soon)
    soon()
    return () => {
      unsubscribe()
      clearTimeout(timer)
    }
  }
}
