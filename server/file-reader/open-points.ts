import { randomUUID } from 'node:crypto'
import { invalid, unavailable } from '#server/errors.ts'
import type { ByteSource } from '#server/filesystem/byte-source.ts'
import { ReadError } from '#server/filesystem/read-error.ts'
import { DamageError } from '#server/repository/damage.ts'
import type { RecoveryPoint } from '#server/repository/recovery-point.ts'

const mostOpen = 16

/** What the store has damaged spoils as much of a file system as what the guest has. */
function asSpoiled(error: unknown): never {
  throw error instanceof DamageError ? new ReadError('damaged', error.message, { cause: error }) : error
}

/** A recovery point that is read by somebody, or was a moment ago. */
export class OpenPoint {
  readonly #point: RecoveryPoint
  /** Told apart from the same recovery point opened again, which is another reader */
  readonly mark = randomUUID()
  users = 0
  usedAt = performance.now()

  constructor(point: RecoveryPoint) {
    this.#point = point
  }

  disk(name: string): ByteSource {
    const disk = this.#point.description.disks.find((each) => each.name === name)
    if (!disk) throw invalid(`The recovery point has no disk ${name}.`)
    const read = (offset: number, length: number) => this.#point.read(name, offset, length).catch(asSpoiled)
    return { sizeBytes: disk.sizeBytes, read }
  }

  close(): Promise<void> {
    return this.#point.close()
  }
}

/** Recovery points stay open while somebody browses: opening one costs as much as reading many a folder. */
export class OpenPoints {
  readonly #open = new Map<string, Promise<OpenPoint>>()
  readonly #idleMs: number

  constructor(idleMs: number) {
    this.#idleMs = idleMs
  }

  get size(): number {
    return this.#open.size
  }

  async use<T>(id: string, open: () => Promise<RecoveryPoint>, work: (point: OpenPoint) => Promise<T>): Promise<T> {
    const point = await this.#get(id, open)
    point.users++
    try {
      return await work(point)
    } finally {
      point.users--
      point.usedAt = performance.now()
    }
  }

  /** Closes those that nobody has used for a while. */
  async sweep(): Promise<void> {
    for (const [id, opening] of this.#open) {
      const point = await opening.catch(() => undefined)
      if (point && point.users === 0 && performance.now() - point.usedAt >= this.#idleMs) await this.#close(id, point)
    }
  }

  async close(): Promise<void> {
    for (const [id, opening] of this.#open) {
      const point = await opening.catch(() => undefined)
      if (point) await this.#close(id, point)
    }
  }

  async #get(id: string, open: () => Promise<RecoveryPoint>): Promise<OpenPoint> {
    const known = this.#open.get(id)
    if (known) return known
    if (this.#open.size >= mostOpen) await this.#closeOne()
    const opening = open().then((point) => new OpenPoint(point))
    this.#open.set(id, opening)
    opening.catch(() => this.#open.delete(id))
    return opening
  }

  async #closeOne(): Promise<void> {
    const all = await Promise.all([...this.#open].map(async ([id, opening]) => ({ id, point: await opening })))
    const [oldest] = all.filter(({ point }) => point.users === 0).sort((a, b) => a.point.usedAt - b.point.usedAt)
    if (!oldest) {
      throw unavailable('The files of too many recovery points are being read at once.', {
        wayOut: 'Try again in a minute.',
      })
    }
    await this.#close(oldest.id, oldest.point)
  }

  async #close(id: string, point: OpenPoint): Promise<void> {
    this.#open.delete(id)
    await point.close().catch(() => undefined)
  }
}
