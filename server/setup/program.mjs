import { spawn } from 'node:child_process'
import { endingWithParent } from './child.mjs'
import { nodePath, root } from './place.mjs'

/** Programs that run now, to be stopped with us. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()

/** A program that ended badly; `output` is all it wrote. */
export class ProgramFailed extends Error {
  /**
   * @param {string} message
   * @param {string} output
   */
  constructor(message, output) {
    super(message)
    this.name = 'ProgramFailed'
    this.output = output
  }
}

/**
 * Runs a program to its end in a process group of its own.
 * @param {string[]} command
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, input?: string, onLine?: (line: string) => void, interactive?: boolean, show?: boolean }} options
 *   `interactive` leaves it the terminal (a password prompt); `show` passes its output through as it comes
 * @returns {Promise<string>} what it wrote, both streams together
 * @throws {ProgramFailed} when it can't be started or its exit code is not 0
 */
export async function runProgram(command, { env, cwd = root, input, onLine, interactive = false, show = false } = {}) {
  const { code, output } = await tryProgram(command, { env, cwd, input, onLine, interactive, show })
  if (code === 0) return output
  const reason = typeof code === 'number' ? `exit code ${code}` : code
  throw new ProgramFailed(`${command.join(' ')} ended with ${reason}.`, output)
}

/**
 * Like {@link runProgram}, for programs whose failure is an answer.
 * @param {string[]} command
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, input?: string, onLine?: (line: string) => void, interactive?: boolean, show?: boolean }} options
 * @returns {Promise<{ code: number | string, output: string }>} `code` is the exit code, or why there is none
 */
export async function tryProgram(command, { env, cwd = root, input, onLine, interactive = false, show = false } = {}) {
  const [program = '', ...args] = interactive ? command : endingWithParent(command)
  const passed = interactive || show ? 'inherit' : 'pipe'
  const child = spawn(program, args, {
    cwd,
    env,
    detached: !interactive,
    stdio: [interactive ? 'inherit' : input === undefined ? 'ignore' : 'pipe', passed, passed],
  })
  running.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      output += text
      const line = text
        .trimEnd()
        .split(/[\r\n]/)
        .at(-1)
      if (line) onLine?.(line)
    })
  }
  child.stdin?.on('error', () => {}).end(input)
  /** @type {number | string} */
  const code = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (exitCode, signal) => resolve(exitCode ?? `signal ${signal}`))
  })
  running.delete(child)
  return { code, output }
}

/** Stops every program that runs now, with its children. */
export function stopPrograms() {
  for (const child of running) {
    if (child.pid === undefined) continue
    try {
      process.kill(-child.pid, 'SIGTERM')
    } catch {
      child.kill('SIGTERM')
    }
  }
}

/** @param {string} tool a tool of node_modules by the path of its script @param {string[]} args */
export const nodeCommand = (tool, ...args) => [nodePath(), tool, ...args]
