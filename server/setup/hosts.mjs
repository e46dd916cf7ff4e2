import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ChildFailed } from './children.mjs'
import { inRoot, nodePath } from './place.mjs'
import { nodeCommand, tryProgram } from './program.mjs'
import { SetupError } from './step.mjs'

/**
 * Which hosts a console gets: a lab of real ones, simulated ones, or nothing because it has its own.
 * @typedef {'lab' | 'simulated' | 'own'} HostKind
 */

const kinds = {
  lab: { name: 'Lab', program: 'lab/main.ts', timeoutMs: 180_000 },
  simulated: { name: 'Simulated hosts', program: 'lab/simulated/main.ts', timeoutMs: 30_000 },
}

/**
 * Whether the database has hosts that no lab of this folder made.
 * @param {string} databaseUrl
 * @param {string} labFolder
 */
export async function hasOwnHosts(databaseUrl, labFolder) {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: databaseUrl, options: '-c skerry.scope=*' })
  await client.connect()
  try {
    const { rows } = await client.query('SELECT uri FROM host')
    const fleetPath = join(labFolder, 'fleet.json')
    const fleet = existsSync(fleetPath) ? readFileSync(fleetPath, 'utf8') : ''
    return rows.some(({ uri }) => !fleet.includes(JSON.stringify(uri)))
  } finally {
    await client.end()
  }
}

/** @returns {Promise<string | undefined>} why this machine can't run a lab of real hosts, or nothing when it can */
export async function labObstacle() {
  if (process.platform !== 'linux') return `${process.platform} has no QEMU/KVM hosts`
  const { code, output } = await tryProgram(nodeCommand(inRoot(kinds.lab.program), 'check'))
  return code === 0 ? undefined : output.trim() || `its check ended with ${code}`
}

/**
 * Starts the lab or the simulated hosts as a child, without waiting for them.
 * @param {import('./children.mjs').Children} children
 * @param {'lab' | 'simulated'} kind
 * @param {{ labFolder: string, logFolder: string }} place
 * @returns {() => Promise<string>} waits until they are up; answers the path of `fleet.json`, which describes them
 */
export function startHosts(children, kind, { labFolder, logFolder }) {
  const { name, program, timeoutMs } = kinds[kind]
  const fleetPath = join(labFolder, 'fleet.json')
  const startedAt = Date.now()
  const child = children.start({
    name,
    command: [nodePath(), inRoot(program), '--dir', labFolder],
    logPath: join(logFolder, 'lab.log'),
    env: process.env,
    stopTimeoutMs: 30_000,
  })
  return async () => {
    try {
      return await children.ready(child, timeoutMs, async () =>
        existsSync(fleetPath) && statSync(fleetPath).mtimeMs >= startedAt ? fleetPath : undefined,
      )
    } catch (cause) {
      if (!(cause instanceof ChildFailed) || kind === 'simulated') throw cause
      throw new SetupError(`${cause.message}\n\nTo go on without it: npm run up -- --simulated`, { cause })
    }
  }
}
