import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'

/** @type {boolean | undefined} */
let canFollowParent

/** Whether `setpriv --pdeathsig` can make the kernel stop a child when this process is killed (Linux with util-linux). */
function followsParent() {
  canFollowParent ??=
    process.platform === 'linux' &&
    spawnSync('setpriv', ['--pdeathsig', 'TERM', 'true'], { stdio: 'ignore' }).status === 0
  return canFollowParent
}

/**
 * Puts `setpriv --pdeathsig` in front of a command, so that it ends with this process whatever happens to it.
 * @param {string[]} command
 * @param {'SIGTERM' | 'SIGINT'} signal
 * @returns {string[]}
 */
export function endingWithParent(command, signal = 'SIGTERM') {
  return followsParent() ? ['setpriv', '--pdeathsig', signal.slice(3), ...command] : command
}

/**
 * @typedef {object} Child
 * @property {string} name
 * @property {number} pid
 * @property {string} logPath
 * @property {Promise<string>} exited resolves, never rejects, with why it ended: "exit code 1", "signal SIGKILL", "spawn setpriv ENOENT"
 * @property {() => boolean} running
 * @property {() => string} logTail the last lines it wrote
 * @property {() => Promise<void>} stop asks, waits `stopTimeoutMs`, then kills its process group
 * @property {() => void} kill
 */

/**
 * Starts a long-running process in a process group of its own (so that a Ctrl-C in the terminal reaches only us, and we
 * decide the order), writing to a log file; the log of the run before is kept beside it as `NAME.previous.log`.
 * If this process is killed, the kernel sends the child its stop signal.
 * @param {object} options
 * @param {string} options.name
 * @param {string[]} options.command
 * @param {string} options.logPath
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {string[]} [options.wrapper] put in front of the command, for what must be entered before the signal is arranged
 * @param {boolean} [options.sharesTerminal] stays in our process group, for a program that must see our terminal
 * @param {number} [options.uid]
 * @param {number} [options.gid]
 * @param {'SIGTERM' | 'SIGINT'} [options.stopSignal]
 * @param {number} [options.stopTimeoutMs]
 * @returns {Child}
 */
export function startChild({
  name,
  command,
  logPath,
  env,
  wrapper = [],
  sharesTerminal = false,
  uid,
  gid,
  ...stopping
}) {
  const { stopSignal = 'SIGTERM', stopTimeoutMs = 10_000 } = stopping
  mkdirSync(dirname(logPath), { recursive: true })
  if (existsSync(logPath)) renameSync(logPath, logPath.replace(/\.log$/, '.previous.log'))
  const log = openSync(logPath, 'w', 0o600)
  const [program = '', ...args] = [...wrapper, ...endingWithParent(command, stopSignal)]
  const child = spawn(program, args, { env, uid, gid, detached: !sharesTerminal, stdio: ['ignore', log, log] })
  closeSync(log)
  let running = true
  /** @type {Promise<string>} */
  const exited = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`))
  }).finally(() => {
    running = false
  })
  const stop = async () => {
    if (!running || child.pid === undefined) return
    child.kill(stopSignal)
    const timer = setTimeout(() => killGroup(child.pid), stopTimeoutMs)
    await exited
    clearTimeout(timer)
  }
  const kill = () => running && killGroup(child.pid)
  return {
    name,
    pid: child.pid ?? 0,
    logPath,
    exited,
    running: () => running,
    logTail: () => tail(logPath),
    stop,
    kill,
  }
}

/** @param {number | undefined} pid leader of the group */
function killGroup(pid) {
  if (!pid) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/**
 * The last lines of a log file, or of what there is of it.
 * @param {string} path
 * @param {number} lines
 */
export function tail(path, lines = 15) {
  if (!existsSync(path)) return ''
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
}

/**
 * Whether a process with this id runs (also one of another user). One that has ended and only waits for its parent to
 * take note does not.
 * @param {number} pid
 */
export function isAlive(pid) {
  try {
    if (existsSync('/proc/self/stat')) return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
