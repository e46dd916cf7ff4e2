import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { workerEnvironment, workerFlags } from '#server/setup/place.mjs'
import { type Cost, settleDisk } from './command.ts'

/** The process that does our side's steps, as a worker does them: it runs already when it is asked. */
export class BenchWorker {
  readonly #process: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #ended: Promise<unknown>
  /** From nothing until it takes steps. */
  startSeconds = 0
  mostMemoryMib = 0

  private constructor(child: ChildProcess) {
    this.#process = child
    this.#ended = once(child, 'exit')
    if (!child.stdout) throw new Error('The process has no output')
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  static async start(folder: string): Promise<BenchWorker> {
    const startedAt = performance.now()
    const program = join(import.meta.dirname, 'skerry.ts')
    const worker = new BenchWorker(
      spawn(process.execPath, [...workerFlags, program, folder], {
        env: { ...process.env, ...workerEnvironment },
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    )
    await worker.#line()
    worker.startSeconds = (performance.now() - startedAt) / 1000
    return worker
  }

  async run(step: string): Promise<Cost> {
    await settleDisk()
    this.#process.stdin?.write(`${step}\n`)
    const { seconds, cpuSeconds, mostMemoryMib } = JSON.parse(await this.#line())
    this.mostMemoryMib = mostMemoryMib
    return { seconds, cpuSeconds, output: '' }
  }

  async stop(): Promise<void> {
    this.#process.stdin?.end()
    await this.#ended
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('Our process ended before it was done')
    return value
  }
}
