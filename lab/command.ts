import { type SpawnOptions, spawn } from 'node:child_process'

/** A program ended with a status other than zero; the message carries what it wrote to standard error. */
export class CommandError extends Error {
  readonly status: number | null
  readonly stderr: string
  constructor(command: string, status: number | null, stderr: string) {
    super(`${command} failed (${status ?? 'killed'}): ${stderr.trim() || 'it said nothing'}`)
    this.name = 'CommandError'
    this.status = status
    this.stderr = stderr
  }
}

export interface CommandOptions {
  input?: string
  timeoutMs?: number
  cwd?: string
  env?: Record<string, string>
}

/**
 * Runs a program to its end and returns its standard output as text.
 * Rejects with CommandError on a status other than zero, when it can't be started, or after `timeoutMs` (60 s by default).
 */
export function run(file: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const spawnOptions: SpawnOptions = {
    cwd: options.cwd,
    env: { ...process.env, LC_ALL: 'C', ...options.env },
    timeout: options.timeoutMs ?? 60_000,
    killSignal: 'SIGKILL',
    stdio: ['pipe', 'pipe', 'pipe'],
  }
  const shown = [file, ...args].join(' ').slice(0, 300)
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, spawnOptions)
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', (error) => reject(new CommandError(shown, null, error.message)))
    child.on('close', (status) => {
      if (status === 0) resolve(stdout)
      else reject(new CommandError(shown, status, stderr || stdout))
    })
    child.stdin?.on('error', () => {
      // The program may end without reading its input; its status tells whether that was wrong.
    })
    child.stdin?.end(options.input ?? '')
  })
}
