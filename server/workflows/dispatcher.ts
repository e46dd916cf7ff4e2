import type { Logger } from 'pino'
import type { Db, Tx } from '#server/db.ts'
import { backupsPerHost } from '#server/schema/backup.ts'
import { bootTestsPerHost } from '#server/schema/boot-test.ts'
import type { OperationKind } from '#server/schema/operation.ts'
import { endInTransaction, failedInside } from './record.ts'

/** Notices of changed rows, as the change feed gives them. */
export interface ChangeSource {
  onChange(listener: (change: { noun: string }) => void): () => void
  onReset(listener: () => void): () => void
}

/** How many operations of a kind may run at once on one host, as source or as destination. Absent: no limit. */
export type Concurrency = Partial<Record<OperationKind, number>>
export const defaultConcurrency: Concurrency = {
  'migrate-vm': 2,
  'create-vm': 4,
  'clone-vm': 2,
  'make-template': 2,
  'measure-vm': 4,
  'measure-restore': 4,
  'restore-new-vm': 2,
  'boot-test-vm': bootTestsPerHost,
  'back-up-vm': backupsPerHost,
}

interface DispatcherParts {
  db: Db
  log: Logger
  changes: ChangeSource
  concurrency: Concurrency | undefined
  sweepMs: number
  running: Map<string, AbortController>
  /** Idempotent: an operation is started under its own id */
  start(kind: string, operationId: string): Promise<void>
  /** Whether this version has a workflow of the kind */
  knows(kind: string): boolean
  sweep(): Promise<void>
}

interface Queued {
  id: string
  kind: string
  hostId: string | null
  destinationHostId: string | null
  cancelRequested: boolean
}

/** Any number names the fleet's one dispatching turn; see the lock below. */
const turnKey = 7_305_811
/** So many are started in one turn. */
const atOnce = 200

/** Turns queued rows into running workflows and cancel requests into abort signals, by notice and by a slow sweep. */
export class Dispatcher {
  readonly #parts: DispatcherParts
  readonly #unsubscribe: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined
  #turn: Promise<void> | undefined
  /** Wanted while a turn was under way */
  #again: 'turn' | 'sweep' | undefined
  #stopped = false

  constructor(parts: DispatcherParts) {
    this.#parts = parts
  }

  start(): void {
    const { changes, sweepMs } = this.#parts
    this.#unsubscribe.push(
      changes.onChange((change) => {
        if (change.noun === 'operation') this.#wake()
      }),
      changes.onReset(() => this.#wake()),
    )
    this.#timer = setInterval(() => this.#wake(true), sweepMs)
    this.#wake(true)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    await this.#turn
  }

  #wake(sweep = false): void {
    if (this.#stopped) return
    if (this.#turn) {
      this.#again = sweep ? 'sweep' : (this.#again ?? 'turn')
      return
    }
    this.#turn = this.#once(sweep).finally(() => {
      this.#turn = undefined
      const again = this.#again
      this.#again = undefined
      if (again) this.#wake(again === 'sweep')
    })
  }

  async #once(sweep: boolean): Promise<void> {
    try {
      await this.#cancel()
      await this.#dispatch()
      if (sweep) await this.#parts.sweep()
    } catch (error) {
      this.#parts.log.error({ err: error }, 'dispatcher: the turn failed, trying again at the next sweep')
    }
  }

  async #cancel(): Promise<void> {
    const { db, running } = this.#parts
    if (running.size === 0) return
    const rows = await db.operation.findMany({
      where: { id: { in: [...running.keys()] }, cancelRequestedAt: { not: null } },
      select: { id: true },
    })
    for (const { id } of rows) running.get(id)?.abort()
  }

  async #dispatch(): Promise<void> {
    await this.#parts.db.$transaction(
      async (tx) => {
        // One dispatcher at a time counts what runs, or two would both see the last free place.
        const [turn] = await tx.$queryRaw<{ mine: boolean }[]>`SELECT pg_try_advisory_xact_lock(${turnKey}) AS mine`
        if (!turn?.mine) {
          setTimeout(() => this.#wake(), 100).unref()
          return
        }
        const room = await this.#roomOf(tx)
        const full = room.full()
        // What waits for a full place is left out, or a long drain would keep everything behind it waiting too.
        const queued = await tx.$queryRaw<Queued[]>`
          SELECT id, kind, host_id AS "hostId", destination_host_id AS "destinationHostId",
            cancel_requested_at IS NOT NULL AS "cancelRequested"
          FROM operation WHERE state = 'queued' AND (cancel_requested_at IS NOT NULL
            OR NOT ARRAY[concat_ws(' ', kind, host_id), concat_ws(' ', kind, destination_host_id)] && ${full}::text[])
          ORDER BY id LIMIT ${atOnce} FOR UPDATE SKIP LOCKED`
        for (const row of queued) {
          if (!room.take(row)) continue
          if (!this.#parts.knows(row.kind)) {
            // In this transaction, which holds the row.
            await endInTransaction(tx, row.id, failedInside(`This version can't do “${row.kind}”.`))
            continue
          }
          // The run is durable before this commits: should the commit fail, starting it again does nothing.
          if (!(await this.#started(row))) continue
          const state = row.cancelRequested ? 'cancelling' : 'running'
          await tx.operation.updateMany({
            where: { id: row.id, state: 'queued' },
            data: { state, startedAt: new Date() },
          })
        }
      },
      { timeout: 30_000 },
    )
  }

  /** One that can't be started stays queued for the next turn, and keeps no other one waiting. */
  async #started({ kind, id }: Queued): Promise<boolean> {
    try {
      await this.#parts.start(kind, id)
      return true
    } catch (error) {
      this.#parts.log.error({ operation: id, kind, err: error }, 'dispatcher: could not start it, trying again')
      return false
    }
  }

  async #roomOf(tx: Tx) {
    const limits = this.#parts.concurrency ?? defaultConcurrency
    const busy = new Map<string, number>()
    const places = (row: { kind: string; hostId: string | null; destinationHostId: string | null }) =>
      [row.hostId, row.destinationHostId].filter((id) => id !== null).map((id) => `${row.kind} ${id}`)
    const occupy = (row: Parameters<typeof places>[0]) => {
      for (const place of places(row)) busy.set(place, (busy.get(place) ?? 0) + 1)
    }
    const live = await tx.operation.findMany({
      where: { state: { in: ['running', 'cancelling'] } },
      select: { kind: true, hostId: true, destinationHostId: true },
    })
    for (const row of live) occupy(row)
    const limitOf = (kind: string) => limits[kind as OperationKind] ?? Number.POSITIVE_INFINITY
    return {
      /** "kind host" of each place that takes no more */
      full: () =>
        [...busy].filter(([place, count]) => count >= limitOf(place.split(' ')[0] ?? '')).map(([place]) => place),
      take(row: Queued): boolean {
        const limit = limitOf(row.kind)
        // A cancelled one only undoes what the request reserved.
        if (!row.cancelRequested && places(row).some((place) => (busy.get(place) ?? 0) >= limit)) return false
        occupy(row)
        return true
      },
    }
  }
}
