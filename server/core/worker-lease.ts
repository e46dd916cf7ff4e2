import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Db, Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'

/** A worker that was silent for so long is dead: others take its hosts and its work. */
export const workerSilenceMs = 15_000

export interface WorkerLeaseOptions {
  db: Db
  /** Stable: a worker that returns under its name goes on with its work */
  name: string
  /** Another process has the name now, so this one must end */
  onLost: () => void
  version?: string
  silenceMs?: number
}

interface Process {
  pid: number
  processSpace: string
}

interface Holder extends Process {
  token: string
  hostname: string
  heartbeatAt: Date
}

/** Where a process id means one process: this boot of this machine, seen from this container. */
function processSpace(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return ''
  }
}

function isProvenDead(holder: Process): boolean {
  if (!holder.processSpace || holder.processSpace !== processSpace()) return false
  try {
    process.kill(holder.pid, 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}

/** What durable runs name their worker by: the name, and which process had it. */
const executorOf = (name: string, token: string) => (token ? `${name}/${token}` : name)

/**
 * A worker's hold on its name, by a row in which it says every few seconds that it lives. One process at a time has a
 * name. One that could not say so for a while knows by its own clock, sooner than any other worker may think it dead,
 * that it must not change anything any more.
 */
export class WorkerLease {
  readonly name: string
  readonly silenceMs: number
  readonly #options: WorkerLeaseOptions
  readonly #token = randomUUID()
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> = Promise.resolve()
  /** By both clocks: one stands still while the machine sleeps, the other can be set. */
  #heldUntil = { steady: 0, wall: 0 }
  /** Counts the times that it was lost and came back. */
  #gaps = 0
  #beatAt = Number.NEGATIVE_INFINITY
  #steadySince = 0
  #ended = false

  private constructor(options: WorkerLeaseOptions) {
    this.#options = options
    this.name = options.name
    this.silenceMs = options.silenceMs ?? workerSilenceMs
  }

  /**
   * Waits while the name's last holder may still live.
   * @throws conflict when it does
   */
  static async take(options: WorkerLeaseOptions): Promise<WorkerLease> {
    const lease = new WorkerLease(options)
    await lease.#take()
    lease.#schedule()
    return lease
  }

  get executorId(): string {
    return executorOf(this.name, this.#token)
  }

  /** Nobody else may think this worker dead yet. */
  get isHeld(): boolean {
    const { steady, wall } = this.#heldUntil
    return !this.#ended && performance.now() < steady && Date.now() < wall
  }

  /** Tells whether it has been held without a gap since now: in a gap another worker may have taken work over. */
  hold(): () => boolean {
    const gaps = this.#gaps
    return () => this.isHeld && this.#gaps === gaps
  }

  /** It said that it lives without a gap for so long that any other living worker would have been heard too. */
  get isSteady(): boolean {
    return this.isHeld && performance.now() - this.#steadySince > this.silenceMs
  }

  /** Gives the name back, for the next to have at once. */
  async release(): Promise<void> {
    this.#ended = true
    clearTimeout(this.#timer)
    await this.#beating
    const { db } = this.#options
    await db.$executeRaw`DELETE FROM worker WHERE id = ${this.name} AND token = ${this.#token}`
  }

  async #take() {
    let first: Holder | undefined
    let deadToken = ''
    for (;;) {
      const sentAt = { steady: performance.now(), wall: Date.now() }
      if (await this.#claim(deadToken)) return this.#note(sentAt)
      const holder = await this.#holder()
      if (holder && isProvenDead(holder)) deadToken = holder.token
      else if (holder) {
        first ??= holder
        if (holder.token !== first.token || holder.heartbeatAt.getTime() !== first.heartbeatAt.getTime()) {
          throw conflict(
            `Another worker has the name “${this.name}”: process ${holder.pid} on ${holder.hostname}.`,
            'Give each worker a name of its own with SKERRY_WORKER.',
          )
        }
        await delay(250)
      }
    }
  }

  async #claim(deadToken: string): Promise<boolean> {
    const { db, version = '0' } = this.#options
    const claimed = await db.$queryRaw<unknown[]>`
      INSERT INTO worker (id, hostname, pid, version, token, process_space)
      VALUES (${this.name}, ${hostname()}, ${process.pid}, ${version}, ${this.#token}, ${processSpace()})
      ON CONFLICT (id) DO UPDATE SET hostname = excluded.hostname, pid = excluded.pid, version = excluded.version,
        token = excluded.token, process_space = excluded.process_space, started_at = now(), heartbeat_at = now()
      WHERE worker.heartbeat_at < now() - ${this.silenceMs} * interval '1 millisecond'
        OR (worker.token = ${deadToken} AND worker.token <> '')
      RETURNING id`
    return claimed.length > 0
  }

  async #holder(): Promise<Holder | undefined> {
    const [holder] = await this.#options.db.$queryRaw<Holder[]>`
      SELECT token, hostname, pid, process_space AS "processSpace", heartbeat_at AS "heartbeatAt"
      FROM worker WHERE id = ${this.name}`
    return holder
  }

  #schedule(delayMs = this.silenceMs / 3) {
    if (this.#ended) return
    this.#timer = setTimeout(() => {
      this.#beating = this.#beatOrRetry()
    }, delayMs)
  }

  async #beatOrRetry() {
    // A connection into nowhere gives no answer for minutes: the next beat takes another one.
    const late = delay(this.silenceMs / 3, 'late' as const, { ref: false })
    const outcome = await Promise.race([this.#beat().catch(() => 'failed' as const), late])
    if (outcome === 'lost') {
      this.#ended = true
      this.#options.onLost()
    } else this.#schedule(outcome === 'held' ? undefined : Math.min(500, this.silenceMs / 10))
  }

  async #beat(): Promise<'held' | 'lost'> {
    const { db } = this.#options
    const sentAt = { steady: performance.now(), wall: Date.now() }
    const beaten = await db.$executeRaw`
      UPDATE worker SET heartbeat_at = now() WHERE id = ${this.name} AND token = ${this.#token}`
    // Without a row nobody has the name: the database may be an older copy of itself.
    if (beaten === 0 && !(await this.#claim(''))) return 'lost'
    this.#note(sentAt)
    return 'held'
  }

  #note({ steady, wall }: { steady: number; wall: number }) {
    if (!this.isHeld) this.#gaps++
    if (steady - this.#beatAt > this.silenceMs) this.#steadySince = steady
    this.#beatAt = steady
    const heldMs = this.silenceMs * 0.8
    this.#heldUntil = { steady: steady + heldMs, wall: wall + heldMs }
  }
}

/**
 * The executors whose runs are not to be touched. A silent worker counts as dead only for one who would have heard it:
 * after an outage of the database all are silent, and the first to return must not take the others' work from them.
 */
export async function livingExecutors(tx: Tx, worker: WorkerLease): Promise<Set<string>> {
  const rows = await tx.$queryRaw<({ id: string; token: string; fresh: boolean } & Process)[]>`
    SELECT id, token, pid, process_space AS "processSpace", heartbeat_at > now() - ${worker.silenceMs} * interval '1 millisecond' AS fresh FROM worker`
  const living = rows.filter((row) => (row.fresh || !worker.isSteady) && !isProvenDead(row))
  return new Set([worker.executorId, ...living.map(({ id, token }) => executorOf(id, token))])
}
