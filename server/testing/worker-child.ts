import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('./worker-process.ts', import.meta.url))

export interface WorkerChild {
  process: ChildProcess
  /** Resolves when it has ended, by whatever */
  gone: Promise<void>
  stop(): Promise<void>
}

/** Starts a real worker process; with `killAfter` it kills itself (SIGKILL) right after that step's work is done. */
export async function startWorkerChild(databaseUrl: string, workerId: string, killAfter = ''): Promise<WorkerChild> {
  const child = spawn(process.execPath, [script, databaseUrl, workerId, killAfter], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: process.env,
  })
  const gone = once(child, 'exit').then(() => undefined)
  await Promise.race([
    once(child.stdout, 'data'),
    gone.then(() => {
      throw new Error(`The worker process ended (${child.exitCode ?? child.signalCode}) before it was ready`)
    }),
  ])
  return {
    process: child,
    gone,
    stop: async () => {
      child.kill('SIGKILL')
      await gone
    },
  }
}
