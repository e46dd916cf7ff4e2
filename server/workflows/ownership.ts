import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { WorkerLease } from '#server/core/worker-lease.ts'
import type { Db } from '#server/db.ts'

/** One run of an operation in this process. */
export interface Run {
  readonly operationId: string
}

const everyMs = 250
const never = new Promise<never>(() => {})

export interface OwnershipParts {
  db: Db
  worker: WorkerLease
  log: Logger
}

/** Which operations this process may go on with: after an outage another worker may have taken them up. */
export class Ownership {
  readonly #parts: OwnershipParts
  readonly #newest = new Map<string, Run>()

  constructor(parts: OwnershipParts) {
    this.#parts = parts
  }

  /** An earlier run of the operation in this process, should it still wait somewhere, never goes on. */
  begin(operationId: string): Run {
    const run = { operationId }
    this.#newest.set(operationId, run)
    return run
  }

  end(run: Run): void {
    if (this.#newest.get(run.operationId) === run) this.#newest.delete(run.operationId)
  }

  /**
   * Resolves as soon as the run may go on, and never when another has the operation.
   * @returns whether it still may: once it may not, it has to ask here again
   */
  async held(run: Run): Promise<() => boolean> {
    for (;;) {
      if (this.#newest.get(run.operationId) !== run) return never
      const isHeld = this.#parts.worker.hold()
      const holder = isHeld() ? await this.#holder(run.operationId) : undefined
      if (holder === this.#parts.worker.executorId && isHeld()) return isHeld
      if (holder !== undefined && holder !== this.#parts.worker.executorId) {
        this.#parts.log.warn({ operation: run.operationId, holder }, 'another worker has taken the operation over')
        return never
      }
      await delay(everyMs)
    }
  }

  /** Undefined while the database does not answer, null while no worker has it. */
  async #holder(operationId: string): Promise<string | null | undefined> {
    try {
      const [row] = await this.#parts.db.$queryRaw<{ executorId: string | null }[]>`
        SELECT executor_id AS "executorId" FROM dbos.workflow_status
        WHERE workflow_uuid = ${operationId} AND status = 'PENDING'`
      return row?.executorId ?? null
    } catch {
      return undefined
    }
  }
}
