import { spawn } from 'node:child_process'
import { endingWithParent } from './child.mjs'
import { nodePath, root } from './place.mjs'

/** How to stop each program that runs now. @type {Set<() => void>} */
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
 * @typedef {object} ProgramOptions
 * @property {NodeJS.ProcessEnv} [env]
 * @property {(line: string) => void} [onLine] told the line it wrote last
 * @property {boolean} [interactive] leaves it the terminal, for a password prompt
 * @property {boolean} [keepsTerminal] stays in our process group, for a program that must see our terminal
 * @property {boolean} [show] passes its output through as it comes, instead of collecting it
 * @property {boolean} [finishesPart] is asked to stop by SIGINT and by itself, so that it can bring what it does to a good end
 * @property {number} [timeoutMs] stops it after this time
 */

/**
 * Runs a program to its end in a process group of its own, in the folder of this checkout.
 * @param {string[]} command
 * @param {ProgramOptions} options
 * @returns {Promise<string>} what it wrote, both streams together
 * @throws {ProgramFailed} when it can't be started or its exit code is not 0
 */
export async function runProgram(command, options = {}) {
  const { code, output } = await tryProgram(command, options)
  if (code === 0) return output
  const reason = typeof code === 'number' ? `exit code ${code}` : code
  throw new ProgramFailed(`${command.join(' ')} ended with ${reason}.`, output)
}

/**
 * Like {@link runProgram}, for programs whose failure is an answer.
 * @param {string[]} command
 * @param {ProgramOptions} options
 * @returns {Promise<{ code: number | string, output: string }>} `code` is the exit code, or why there is none
 */
export async function tryProgram(command, options = {}) {
  const { env, onLine, interactive = false, keepsTerminal = interactive, show = false, finishesPart = false } = options
  const bound = finishesPart ? endingWithParent(command, 'SIGINT') : endingWithParent(command)
  const [program = '', ...args] = interactive ? command : bound
  const passed = interactive || show ? 'inherit' : 'pipe'
  const child = spawn(program, args, {
    cwd: root,
    env,
    detached: !keepsTerminal,
    stdio: [interactive ? 'inherit' : 'ignore', passed, passed],
  })
  const stop = () => (finishesPart ? child.kill('SIGINT') : stopGroup(child))
  running.add(stop)
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(stop, options.timeoutMs)
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
  /** @type {number | string} */
  const code = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (exitCode, signal) => resolve(exitCode ?? `signal ${signal}`))
  })
  clearTimeout(timer)
  running.delete(stop)
  return { code, output }
}

/** Stops every program that runs now, with its children. */
export function stopPrograms() {
  for (const stop of running) stop()
}

/** @param {import('node:child_process').ChildProcess} child */
function stopGroup(child) {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGTERM')
  } catch {
    // An interactive program has no group of its own.
    child.kill('SIGTERM')
  }
}

/** @param {string} tool a tool of node_modules by the path of its script @param {string[]} args */
export const nodeCommand = (tool, ...args) => [nodePath(), tool, ...args]
