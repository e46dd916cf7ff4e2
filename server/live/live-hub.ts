import { readOperationRows } from '#server/core/operation.ts'
import { readVmRows } from '#server/core/vm-row.ts'
import { type Db, inScope, type Scope, type Tx } from '#server/db.ts'
import { log } from '#server/log.ts'
import type { LiveBatch } from '#server/schema/live.ts'
import type { Change, ChangeFeed } from './change-feed.ts'
import { scopeKey } from './scope-key.ts'

/** Batches follow each other no faster than this … */
const batchMs = 250
/** … but the first after a rest waits only for the notices that came with its own. */
const gatherMs = 1
/** Beyond this many changed rows in one batch reading again is cheaper than naming them. */
const resetAbove = 1_000

interface Pending {
  isTouched: boolean
  reset: boolean
  /** id → tenant, latest wins */
  vms: Map<string, string | null>
  removed: Map<string, string | null>
  operations: Map<string, string | null>
  hosts: Set<string>
  places: boolean
  counts: boolean
  datastores: boolean
  load: boolean
}

const nothing = (): Pending => ({
  isTouched: false,
  reset: false,
  vms: new Map(),
  removed: new Map(),
  operations: new Map(),
  hosts: new Set(),
  places: false,
  counts: false,
  datastores: false,
  load: false,
})

type Subscriber = (batch: string) => void

/**
 * Turns change notices into batches for browsers, one at once and then four a second: reads the changed rows once for
 * each distinct scope, serialises once, and hands the same text to everyone of that scope.
 */
export class LiveHub {
  readonly #db: Db
  readonly #fleetDb: Db
  readonly #subscribers = new Map<string, { scope: Scope; listeners: Set<Subscriber> }>()
  #pending = nothing()
  #timer: NodeJS.Timeout | undefined
  #flushing = false
  #flushedAt = Number.NEGATIVE_INFINITY

  /** `fleetDb` sees the whole fleet, and so needs no transaction to be told of it. */
  constructor({ db, fleetDb }: { db: Db; fleetDb: Db }, feed: ChangeFeed) {
    this.#db = db
    this.#fleetDb = fleetDb
    feed.onChange((change) => this.#note(change))
    feed.onReset(() => {
      this.#pending.reset = true
      this.#schedule()
    })
  }

  /** Calls `listener` with the JSON of each LiveBatch of this scope. Returns the unsubscribe. */
  subscribe(scope: Scope, listener: Subscriber): () => void {
    const key = scopeKey(scope)
    const group = this.#subscribers.get(key) ?? { scope, listeners: new Set() }
    group.listeners.add(listener)
    this.#subscribers.set(key, group)
    return () => {
      group.listeners.delete(listener)
      if (group.listeners.size === 0) this.#subscribers.delete(key)
    }
  }

  #note(change: Change) {
    if (this.#subscribers.size === 0) return
    const pending = this.#pending
    if (change.noun === 'vm') {
      if (change.rows === null) pending.reset = true
      if (change.operation !== 'update') pending.counts = true
      const target = change.operation === 'delete' ? pending.removed : pending.vms
      for (const [id, tenantId] of change.rows ?? []) target.set(id, tenantId)
    } else if (change.noun === 'operation') {
      if (change.rows === null) pending.reset = true
      for (const [id, tenantId] of change.rows ?? []) {
        pending.operations.set(id, tenantId)
      }
    } else if (change.noun === 'datastore') {
      pending.datastores = true
    } else {
      // What a host says of its load every few seconds changes no place.
      if (change.noun === 'host_load') pending.load = true
      else pending.places = true
      if (change.noun.startsWith('host')) for (const [id] of change.rows ?? []) pending.hosts.add(id)
    }
    this.#schedule()
  }

  #schedule() {
    this.#pending.isTouched = true
    if (this.#flushing) return
    const delayMs = Math.max(gatherMs, this.#flushedAt + batchMs - performance.now())
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#flushedAt = performance.now()
      const pending = this.#pending
      this.#pending = nothing()
      this.#flushing = true
      void this.#flush(pending).finally(() => {
        this.#flushing = false
        // What came meanwhile was gathered into one batch, however long the reading took.
        if (this.#pending.isTouched) this.#schedule()
      })
    }, delayMs)
  }

  async #flush(pending: Pending) {
    const many = pending.vms.size + pending.operations.size > resetAbove
    for (const { scope, listeners } of [...this.#subscribers.values()]) {
      try {
        const batch = pending.reset || many ? resetBatch : await this.#read(scope, pending)
        if (!batch) continue
        const text = JSON.stringify(batch)
        for (const listener of listeners) listener(text)
      } catch (error) {
        log.warn({ error: String(error) }, 'live batch failed; its readers are told to read again')
        for (const listener of listeners) listener(resetText)
      }
    }
  }

  async #read(scope: Scope, pending: Pending): Promise<LiveBatch | null> {
    const visible = (tenantId: string | null) =>
      scope === 'fleet' || (tenantId !== null && scope.tenantIds.includes(tenantId))
    const ids = (rows: Map<string, string | null>) =>
      [...rows].filter(([, tenant]) => visible(tenant)).map(([id]) => id)
    const operationIds = ids(pending.operations)
    // A VM may have left this scope with the change, so ask for all and call gone what can't be seen.
    const vmIds = [...pending.vms.keys()]
    const readRows = async (tx: Tx) => {
      const operations = await readOperationRows(tx, operationIds)
      const touched = operations
        .filter((operation) => operation.targetKind === 'vm')
        .map((operation) => operation.targetId)
      return { operations, vms: await readVmRows(tx, [...new Set([...vmIds, ...touched])]) }
    }
    // News of load comes all the time, and names no rows.
    const isOfRows = operationIds.length + vmIds.length > 0
    const read = () => (scope === 'fleet' ? readRows(this.#fleetDb) : inScope(this.#db, scope, readRows))
    const { operations, vms } = isOfRows ? await read() : { operations: [], vms: [] }
    const seen = new Set(vms.map((vm) => vm.id))
    const left = scope === 'fleet' ? vmIds.filter((id) => !seen.has(id)) : []
    const batch: LiveBatch = {
      reset: false,
      vms,
      removedVmIds: [...ids(pending.removed), ...left].filter((id) => !seen.has(id)),
      operations,
      places: pending.places,
      counts: pending.counts,
      datastores: pending.datastores,
      load: pending.load,
      changedHostIds: scope === 'fleet' ? [...pending.hosts] : [],
    }
    const rows = vms.length + operations.length + batch.removedVmIds.length + batch.changedHostIds.length
    const empty = rows === 0 && !batch.places && !batch.counts && !batch.datastores && !batch.load
    return empty ? null : batch
  }
}

const resetBatch: LiveBatch = {
  reset: true,
  vms: [],
  removedVmIds: [],
  operations: [],
  places: true,
  counts: true,
  datastores: true,
  load: true,
  changedHostIds: [],
}

/** Tells a browser to read everything again. */
export const resetText = JSON.stringify(resetBatch)
