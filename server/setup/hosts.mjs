import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { startChild } from './child.mjs'
import { ChildFailed } from './children.mjs'
import { inRoot, nodePath } from './place.mjs'
import { tryProgram } from './program.mjs'
import { SetupError } from './step.mjs'

/** @typedef {import('./child.mjs').Child} Child */

/**
 * Which hosts a console gets: a lab of real ones, simulated ones, or nothing because it has its own.
 * @typedef {'lab' | 'simulated' | 'own'} HostKind
 */

/** @typedef {{ folder: string, labFolder: string, logFolder: string }} Places */

const labProgram = inRoot('lab/main.ts')
const simulatedProgram = inRoot('lab/simulated/main.ts')
const labTimeoutMs = 180_000
const simulatedTimeoutMs = 30_000
const stopTimeoutMs = 30_000

/** The last fleet that a lab or simulated hosts described; theirs goes when they stop. @param {string} folder */
const lastFleetPath = (folder) => join(folder, 'fleet.json')

/**
 * Whether the database has hosts that no lab of this data folder made.
 * @param {string} databaseUrl
 * @param {string} folder
 */
export async function hasOwnHosts(databaseUrl, folder) {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: databaseUrl, options: '-c skerry.scope=*' })
  await client.connect()
  try {
    const { rows } = await client.query('SELECT uri FROM host')
    const path = lastFleetPath(folder)
    const fleet = existsSync(path) ? readFileSync(path, 'utf8') : ''
    return rows.some(({ uri }) => !fleet.includes(JSON.stringify(uri)))
  } finally {
    await client.end()
  }
}

/**
 * @param {string[]} asRoot what makes the lab root, see `rootPrefix`
 * @returns {Promise<string | undefined>} why this machine can't run a lab of real hosts, or nothing when it can
 */
export async function labObstacle(asRoot) {
  const options = { keepsTerminal: asRoot.length > 0 }
  const { code, output } = await tryProgram([...asRoot, nodePath(), labProgram, 'check'], options)
  return code === 0 ? undefined : output.trim() || `its check ended with ${code}`
}

/**
 * Starts a lab of real hosts, without waiting for it.
 * @param {import('./children.mjs').Children} children
 * @param {Places} places
 * @param {string[]} asRoot
 */
export function startLab(children, places, asRoot) {
  const startedAt = Date.now()
  const child = children.add(asRoot.length ? startThroughSudo(places, asRoot) : start('Lab', labProgram, places))
  return async () => {
    try {
      return await fleetOf(children, child, places, startedAt, labTimeoutMs)
    } catch (cause) {
      if (!(cause instanceof ChildFailed)) throw cause
      throw new SetupError(`${cause.message}\n\nTo go on without it: npm run up -- --simulated`, { cause })
    }
  }
}

/**
 * Starts simulated hosts, without waiting for them.
 * @param {import('./children.mjs').Children} children
 * @param {Places} places
 */
export function startSimulatedHosts(children, places) {
  const startedAt = Date.now()
  const child = children.add(start('Simulated hosts', simulatedProgram, places))
  return () => fleetOf(children, child, places, startedAt, simulatedTimeoutMs)
}

/**
 * @param {string} name
 * @param {string} program
 * @param {Places} places
 */
function start(name, program, { labFolder, logFolder }) {
  const command = [nodePath(), program, '--dir', labFolder]
  return startChild({ name, command, logPath: join(logFolder, 'lab.log'), env: process.env, stopTimeoutMs })
}

/**
 * A lab that runs as root while we do not: we may send it no signal, so it watches a process of ours and ends with it.
 * @param {Places} places
 * @param {string[]} asRoot
 * @returns {Child}
 */
function startThroughSudo({ labFolder, logFolder }, asRoot) {
  const watched = startChild({
    name: 'Lab watch',
    command: ['sleep', 'infinity'],
    logPath: join(logFolder, 'watch.log'),
  })
  const command = [...asRoot, nodePath(), labProgram, '--dir', labFolder, '--parent', String(watched.pid)]
  // sudo knows by the terminal that the password was given.
  const lab = startChild({
    name: 'Lab',
    command,
    logPath: join(logFolder, 'lab.log'),
    env: process.env,
    sharesTerminal: true,
  })
  const stop = async () => {
    await watched.stop()
    await Promise.race([lab.exited, new Promise((resolve) => setTimeout(resolve, stopTimeoutMs).unref())])
  }
  return { ...lab, stop, kill: watched.kill }
}

/**
 * Waits until the hosts are up.
 * @param {import('./children.mjs').Children} children
 * @param {Child} child
 * @param {Places} places
 * @param {number} startedAt
 * @param {number} timeoutMs
 * @returns {Promise<string>} the path of the JSON file that describes them
 */
async function fleetOf(children, child, { folder, labFolder }, startedAt, timeoutMs) {
  const path = join(labFolder, 'fleet.json')
  await children.ready(child, timeoutMs, async () =>
    existsSync(path) && statSync(path).mtimeMs >= startedAt - 1000 ? true : undefined,
  )
  copyFileSync(path, lastFleetPath(folder))
  return path
}
