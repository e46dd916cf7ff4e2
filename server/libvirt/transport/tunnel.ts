import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { takesConnections } from './takes-connections.ts'

/**
 * Runs its arguments until they end or until our own process does, however that dies: then its end of the pipe on
 * standard input closes. They are told until they end, for an ssh that is told just before it begins to wait for its
 * connections does not notice before one of them stirs; after three seconds they are killed. $0 is the folder to remove at
 * the end.
 */
const tied = `over= child=
trap 'over=yes; kill $child 2>/dev/null' TERM # it may come before there is a child
exec 3<&0 0</dev/null
"$@" 3<&- & child=$!
[ -z "$over" ] || kill $child
{
  trap '' TERM # which may go to all of us
  cat <&3
  told=0
  while [ $told -lt 30 ] && kill $child; do told=$((told + 1)); sleep 0.1; done
  [ $told -lt 30 ] || kill -KILL $child
} >/dev/null 2>&1 & guard=$!
exec 3<&-
# A signal cuts a wait short. What the shell itself says goes nowhere: with our process gone, writing it would kill the
# shell before it has removed the folder.
{ wait $child; status=$?; while kill -0 $child; do wait $child; status=$?; done; } 2>/dev/null
exec 2>/dev/null
kill -KILL $guard
rm -rf "$0"
exit $status`

const pollMs = 10
/** The shell needs three seconds to tell the program and to kill it, and more on a busy machine. */
const stopMs = 10_000

/** A running program that serves a socket in a folder that only we can enter. */
export class Tunnel {
  readonly socketPath: string
  readonly #process: ChildProcess
  readonly #ended: Promise<void>
  #said = ''
  #hasEnded = false

  private constructor(folder: string, socketPath: string, command: readonly string[]) {
    this.socketPath = socketPath
    const child = spawn('/bin/sh', ['-c', tied, folder, ...command], { stdio: ['pipe', 'ignore', 'pipe'] })
    child.stdin.on('error', () => {}) // the program's end says more than a broken pipe to it
    child.stderr.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-4096)
    })
    this.#process = child
    this.#ended = new Promise((resolve) => {
      const onEnd = () => {
        this.#hasEnded = true
        child.stdin.destroy()
        void rm(folder, { recursive: true, force: true }).finally(resolve)
      }
      child.once('error', onEnd)
      child.once('close', onEnd) // later than 'exit': all that it said has come
    })
  }

  /** Starts the command that `commandFor` gives for the path of the socket it shall serve. Does not wait for it. */
  static async start(commandFor: (socketPath: string) => readonly string[]): Promise<Tunnel> {
    const folder = await mkdtemp(path.join(tmpdir(), 'tunnel-')) // made with mode 0700
    const socketPath = path.join(folder, 'socket')
    return new Tunnel(folder, socketPath, commandFor(socketPath))
  }

  /** The last of what the program wrote to its standard error. */
  get said(): string {
    return this.#said
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** The program's exit status once it has ended by itself. */
  get exitCode(): number | null {
    return this.#process.exitCode
  }

  /**
   * Waits until it is as it shall be, which is where its socket takes connections ('ready'), the program has ended, the
   * signal has fired, or the time is up.
   */
  async whenReady(
    timeoutMs: number,
    signal?: AbortSignal,
    isReady: () => boolean | Promise<boolean> = () => takesConnections(this.socketPath),
  ): Promise<'ready' | 'ended' | 'aborted' | 'timeout'> {
    const deadline = performance.now() + timeoutMs
    while (performance.now() < deadline) {
      if (signal?.aborted) return 'aborted'
      if (this.#hasEnded) return 'ended'
      if (await isReady()) return 'ready'
      await delay(pollMs)
    }
    return 'timeout'
  }

  /** Ends the program, by force after three seconds, and removes the folder. */
  async stop() {
    this.#process.stdin?.destroy() // as when our own process ends
    await Promise.race([this.#ended, delay(stopMs, undefined, { ref: false })])
  }
}
