import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { OperationKind } from '#server/schema/operation.ts'
import type { TestFleet } from './fleet.ts'

const script = fileURLToPath(new URL('./worker-process.ts', import.meta.url))
/** Most of a worker's start is reading its own program; Node keeps what it made of it between processes. */
const compileCache = join(tmpdir(), 'skerry-test-compile-cache')

/** What a worker process is told once it is wanted. */
export interface WorkerOrders {
  workerId: string
  /** The step right after whose work it kills itself (SIGKILL) */
  killAfter?: { kind: OperationKind; step: string }
  /** After so long without a word others think it dead */
  silenceMs?: number
  /** How long it waits between beginning a step and doing its work */
  holdMs?: number
  /** A file to which it appends "worker step" for each step that it begins */
  trailPath?: string
}

/** A real worker process. It connects and waits, so that it can be made before it is wanted, and works from `begin` on. */
export class WorkerChild {
  readonly process: ChildProcess
  /** Resolves when it has ended, by whatever */
  readonly gone: Promise<void>

  constructor(databaseUrl: string, exports?: TestFleet['exports']) {
    const cacheFolder = mkdtempSync(join(tmpdir(), 'skerry-test-cache-'))
    const served = exports ? [String(exports.port), exports.certificateFolder] : []
    this.process = spawn(process.execPath, [script, databaseUrl, cacheFolder, ...served], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    })
    this.process.stdin?.on('error', () => undefined) // its end says more than a broken pipe to it
    this.gone = once(this.process, 'exit').then(() => rmSync(cacheFolder, { recursive: true, force: true }))
  }

  /** Resolves when it takes operations. */
  async begin(orders: WorkerOrders): Promise<void> {
    const { stdin, stdout } = this.process
    if (!stdin || !stdout) throw new Error('A worker process has pipes')
    stdin.write(`${JSON.stringify(orders)}\n`)
    const ended = this.gone.then(() => {
      const how = this.process.exitCode ?? this.process.signalCode
      throw new Error(`The worker process ended (${how}) before it was ready`)
    })
    await Promise.race([once(stdout, 'data'), ended])
    ended.catch(() => undefined)
  }

  async stop(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.gone
  }
}
