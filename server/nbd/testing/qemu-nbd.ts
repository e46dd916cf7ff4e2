import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { listNbdExports } from '../connect.ts'
import type { NbdAddress } from '../transport.ts'
import { codeOf } from './failure.ts'

const run = promisify(execFile)

/** Runs one of QEMU's programs to its end and returns what it printed. */
export async function qemu(program: 'qemu-img' | 'qemu-io' | 'qemu-nbd', ...args: string[]): Promise<string> {
  const { stdout } = await run(program, args, { maxBuffer: 64 * 2 ** 20, timeout: 60_000 })
  return stdout
}

/** A real NBD server, which ends with the test. */
export class QemuNbd {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /**
   * Returns once it takes connections at the address that the arguments give it. `--fork` would leave it behind, and its
   * socket's file is there before it listens.
   */
  static async start(address: NbdAddress, args: readonly string[]): Promise<QemuNbd> {
    const child = spawn('qemu-nbd', ['--persistent', '--shared=16', ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    const said: string[] = []
    if (child.stderr) createInterface(child.stderr).on('line', (line) => said.push(line))
    const deadline = Date.now() + 10_000
    while ((await codeOf(listNbdExports(address))) === 'unreachable') {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`qemu-nbd did not start: ${said.join('\n')}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return new QemuNbd(child)
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill(signal)
    await gone
  }

  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }
}
