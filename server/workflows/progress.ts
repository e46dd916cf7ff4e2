import type { Prisma } from '#prisma/generated/client.ts'
import type { Db } from '#server/db.ts'
import type { Progress } from './define.ts'

const everyMs = 250

/** Writes an operation's progress to its row: the newest value wins, at most four writes a second. */
export class ProgressWriter {
  readonly #db: Db
  readonly #operationId: string
  #next: Prisma.OperationUpdateManyMutationInput | undefined
  #timer: NodeJS.Timeout | undefined
  #lastAt = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(db: Db, operationId: string) {
    this.#db = db
    this.#operationId = operationId
  }

  report(progress: Progress): void {
    this.#next = { ...this.#next, ...columns(progress) }
    this.#timer ??= setTimeout(() => this.#write(), Math.max(0, this.#lastAt + everyMs - Date.now()))
  }

  /** Resolves when all that was reported is in the row. */
  async flush(): Promise<void> {
    if (this.#timer) this.#write()
    await this.#writing
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const data = this.#next
    this.#next = undefined
    this.#lastAt = Date.now()
    if (!data) return
    const where = { id: this.#operationId, state: { in: ['running' as const, 'cancelling' as const] } }
    // A lost progress write is made good by the next one.
    this.#writing = this.#writing
      .then(() => this.#db.operation.updateMany({ where, data }))
      .then(
        () => undefined,
        () => undefined,
      )
  }
}

function columns(progress: Progress): Prisma.OperationUpdateManyMutationInput {
  const whole = (value: number | null) => (value === null ? null : BigInt(Math.round(value)))
  return {
    ...(progress.phase !== undefined ? { phase: progress.phase } : {}),
    ...(progress.done !== undefined ? { progressDone: whole(progress.done) } : {}),
    ...(progress.total !== undefined ? { progressTotal: whole(progress.total) } : {}),
    ...(progress.unit !== undefined ? { progressUnit: progress.unit } : {}),
    ...(progress.ratePerSecond !== undefined ? { ratePerSecond: progress.ratePerSecond } : {}),
    ...(progress.remainingMs !== undefined
      ? { remainingMs: progress.remainingMs === null ? null : Math.min(Math.round(progress.remainingMs), 2 ** 31 - 1) }
      : {}),
  }
}
