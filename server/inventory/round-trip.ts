import type { Db } from '#server/db.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { writeRoundTrip } from './host-table.ts'

export const roundTripMs = 10_000
/** Of so many last answers half came faster than what is written: three minutes. */
const kept = 18

export interface RoundTripOptions {
  db: Db
  host: HypervisorHost
  hostId: string
}

/**
 * Measures how long a question to the host and its answer take on the control connection: from this worker, which says
 * nothing of the paths between sites.
 */
export class RoundTrip {
  readonly #options: RoundTripOptions
  #answers: number[] = []

  constructor(options: RoundTripOptions) {
    this.#options = options
  }

  /** Another connection may go another way. */
  reset(): void {
    this.#answers = []
  }

  async run(): Promise<void> {
    const { db, host, hostId } = this.#options
    if (host.connection().state !== 'connected') return
    const tookMs = await host.roundTripMs({ timeoutMs: 5_000 })
    this.#answers = [...this.#answers, tookMs].slice(-kept)
    await writeRoundTrip(db, hostId, median(this.#answers))
  }
}

/** The middle one; of an even number the lower. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0
