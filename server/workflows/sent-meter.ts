import type { MigrateInput } from '#server/schema/vm-action.ts'
import type { StepContext } from './define.ts'
import { Cancelled, pause } from './pause.ts'

type Context = Pick<StepContext<Pick<MigrateInput, 'bandwidthBytesPerSecond'>, object>, 'input' | 'progress' | 'signal'>

/** Counts bytes as they pass from host to host, reports them as progress, and holds them back to the rate that was asked for. */
export class SentMeter {
  readonly #context: Context
  readonly #total: number
  readonly #startedAt = Date.now()
  doneBytes = 0

  constructor(context: Context, total: number) {
    this.#context = context
    this.#total = total
  }

  /** @param what is copied, as people know it */
  async *watch(bytes: AsyncIterable<Uint8Array>, what: string): AsyncIterable<Uint8Array> {
    const { input, signal } = this.#context
    for await (const chunk of bytes) {
      if (signal.aborted) throw new Cancelled()
      this.doneBytes += chunk.length
      const limit = input.bandwidthBytesPerSecond
      const earlyMs = limit === null ? 0 : (this.doneBytes / limit) * 1000 - (Date.now() - this.#startedAt)
      if (earlyMs > 0) await pause(earlyMs, signal)
      this.#report(what)
      yield chunk
    }
  }

  #report(what: string) {
    const ratePerSecond = this.doneBytes / Math.max(0.001, (Date.now() - this.#startedAt) / 1000)
    const total = Math.max(this.#total, this.doneBytes)
    const remainingMs = ((total - this.doneBytes) / ratePerSecond) * 1000
    const phase = `copying ${what}`
    this.#context.progress({ phase, done: this.doneBytes, total, unit: 'bytes', ratePerSecond, remainingMs })
  }
}
