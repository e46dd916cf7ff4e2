import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that can't be confused with a later one of the same number: the kernel's start time goes with it. */
export interface ProcessIdentity {
  pid: number
  /** Clock ticks since the machine started, from /proc. */
  startTicks: string
}

/** The identity of a running process, or undefined when there is none of that number (or only its remains). */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name stands in brackets and may hold anything, so count from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state] = fields
    const startTicks = fields[19]
    return state === 'Z' || state === 'X' || !startTicks ? undefined : { pid, startTicks }
  } catch {
    return undefined
  }
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTicks === identity.startTicks
}

/** Kills the process if it is still the one that was recorded, and waits until it is gone. */
export async function killProcess(identity: ProcessIdentity, timeoutMs = 10_000): Promise<void> {
  if (!isAlive(identity)) return
  process.kill(identity.pid, 'SIGKILL')
  const deadline = Date.now() + timeoutMs
  while (isAlive(identity)) {
    if (Date.now() > deadline) throw new Error(`Process ${identity.pid} does not die`)
    await sleep(5)
  }
}

export interface BoundProcess {
  child: ChildProcess
  firstLine: string
  /** Resolves when it has ended. */
  ended(): Promise<void>
}

/**
 * Starts a program that the kernel kills when this process ends, however it ends, and waits for its first line of output.
 * Rejects when it ends before that.
 */
export async function startBound(args: readonly string[]): Promise<BoundProcess> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const firstLine = await new Promise<string>((resolve, reject) => {
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      const end = stdout.indexOf('\n')
      if (end >= 0) resolve(stdout.slice(0, end))
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', () => reject(new Error(`${args.join(' ').slice(0, 200)} ended at once: ${stderr.trim()}`)))
  })
  child.unref()
  for (const stream of [child.stdout, child.stderr]) {
    stream?.resume()
    if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref()
  }
  const ended = () => {
    // Else a script with nothing more to do would end before it.
    if (child.exitCode === null && child.signalCode === null) child.ref()
    return exit
  }
  return { child, firstLine, ended }
}
