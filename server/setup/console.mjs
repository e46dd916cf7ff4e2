import { chmodSync, existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { ensureBuild } from './build.mjs'
import { hasOwnHosts, labObstacle, startLab, startSimulatedHosts } from './hosts.mjs'
import { inRoot, nodePath, workerEnvironment, workerFlags } from './place.mjs'
import { startPostgres } from './postgres.mjs'
import { ensureClient, migrate } from './prisma.mjs'
import { nodeCommand, ProgramFailed, runProgram } from './program.mjs'
import { readSecret } from './secret.mjs'
import { SetupError, step } from './step.mjs'
import { rootPrefix } from './superuser.mjs'

/**
 * @typedef {object} ConsoleOptions
 * @property {string} folder where its database, lab, logs and secrets live
 * @property {number} port of the web process on 127.0.0.1
 * @property {import('./hosts.mjs').HostKind | 'auto'} hosts `auto`: a lab, unless it has hosts of its own; simulated ones where no lab can run
 * @property {string} [databaseUrl] a PostgreSQL of one's own instead of the embedded one
 * @property {string} [labImpossible] why the packages for a lab can't be had on this machine, if so
 */

/**
 * Brings up a whole console over a data folder: database, hosts, build, worker, web. Every process is added to `children`,
 * whose `stop` ends them all, also half way.
 * @param {import('./children.mjs').Children} children
 * @param {ConsoleOptions} options
 * @returns {Promise<{ url: string, databaseUrl: string, signInPath: string, fleetPath: string, setUpCode: string }>} when it
 *   answers requests; `setUpCode` is empty once somebody has an account
 */
export async function startConsole(children, options) {
  const { folder, port } = options
  const logFolder = join(folder, 'log')
  const labFolder = join(folder, 'lab')
  await refuseTakenPort(port)
  const secret = readSecret(join(folder, 'secret.json'))
  const databaseUrl = await openDatabase(children, options, secret, logFolder)
  const asRoot = options.hosts === 'auto' || options.hosts === 'lab' ? await rootPrefix() : []
  const hosts = await chooseHosts(options, databaseUrl, asRoot)
  const places = { folder, labFolder, logFolder }
  const startHosts = {
    lab: () => startLab(children, places, asRoot),
    simulated: () => startSimulatedHosts(children, places),
    own: () => undefined,
  }
  const hostsReady = startHosts[hosts]()
  // The lab's guests boot while the console builds; a failure of the lab is reported when it is waited for.
  await step('Build of the console', ensureBuild, { summary: (built) => (built ? 'made' : 'up to date') })
  const url = `http://127.0.0.1:${port}`
  const env = {
    BETTER_AUTH_SECRET: secret.betterAuthSecret,
    SKERRY_KEY: secret.sealingKey,
    SKERRY_URL: url,
    SKERRY_CACHE: join(folder, 'cache'),
    // Of several consoles of this machine each needs a port of its own.
    SKERRY_EXPORT_PORT: String(port > 55_535 ? port - 10_000 : port + 10_000),
    ...(hosts === 'lab' ? { SKERRY_EXPORT_CERTIFICATE: join(labFolder, 'pki', 'skerry-worker') } : {}),
    ...process.env,
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    DATABASE_URL: databaseUrl,
    PORT: String(port),
  }
  const signInPath = join(folder, 'sign-in.json')
  if (hostsReady) {
    const fleetPath = await step(hosts === 'lab' ? 'Lab of real hosts' : 'Simulated hosts', hostsReady)
    await step('Sites, tenants and people', () => seed(fleetPath, signInPath, env))
  }
  await step('Web and worker', () => startProcesses(children, { url, logFolder, env }))
  const told = await runProgram(nodeCommand(inRoot('server/set-up-code.ts')), { env })
  const setUpCode = /^([0-9A-Z]{5}-){3}[0-9A-Z]{5}$/m.exec(told)?.[0] ?? ''
  return { url, databaseUrl, signInPath, fleetPath: join(labFolder, 'fleet.json'), setUpCode }
}

/**
 * @param {import('./children.mjs').Children} children
 * @param {ConsoleOptions} options
 * @param {import('./secret.mjs').Secret} secret
 * @param {string} logFolder
 */
async function openDatabase(children, options, secret, logFolder) {
  await step('Database client', ensureClient, { summary: (made) => (made ? 'generated' : 'up to date') })
  const url =
    options.databaseUrl ??
    (await step('Postgres', async () => {
      const dataDir = join(options.folder, 'postgres')
      const password = secret.databasePassword
      const postgres = await startPostgres({ dataDir, password, logPath: join(logFolder, 'postgres.log') })
      children.add(postgres.child)
      return postgres.url()
    }))
  await step('Migrations', () => migrate(url), { summary: (count) => `${count} in place` })
  if (options.databaseUrl) await warnOfPowerfulRole(url)
  return url
}

/** Row-level security, the second wall between tenants, does not hold for such a role. @param {string} databaseUrl */
async function warnOfPowerfulRole(databaseUrl) {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query(
      'SELECT rolsuper OR rolbypassrls AS free FROM pg_roles WHERE rolname = current_user',
    )
    if (!rows[0]?.free) return
    console.log(
      '  Warning: the role in DATABASE_URL bypasses row-level security. Give Skerry one that is no superuser.',
    )
  } finally {
    await client.end()
  }
}

/**
 * @param {ConsoleOptions} options
 * @param {string} databaseUrl
 * @param {string[]} asRoot
 * @returns {Promise<import('./hosts.mjs').HostKind>}
 */
async function chooseHosts({ folder, hosts, labImpossible }, databaseUrl, asRoot) {
  if (hosts === 'own' || hosts === 'simulated') return hosts
  if (hosts === 'auto' && (await hasOwnHosts(databaseUrl, folder))) {
    console.log('  Hosts of your own are configured, so no lab is started (--lab starts one all the same).')
    return 'own'
  }
  const obstacle = labImpossible ?? (await step('What a lab needs', () => labObstacle(asRoot)))
  if (!obstacle) return 'lab'
  if (hosts === 'lab') throw new SetupError(`This machine can't run a lab of real hosts: ${obstacle}`)
  console.log(`  No lab of real hosts here: ${obstacle}\n  The console gets simulated hosts instead.`)
  return 'simulated'
}

/**
 * @param {string} fleetPath
 * @param {string} signInPath
 * @param {NodeJS.ProcessEnv} env
 */
async function seed(fleetPath, signInPath, env) {
  try {
    const arguments_ = ['--fleet', fleetPath, '--sign-in', signInPath]
    await runProgram(nodeCommand(inRoot('prisma/seed.ts'), ...arguments_), { env })
    if (existsSync(signInPath)) chmodSync(signInPath, 0o600)
  } catch (error) {
    if (!(error instanceof ProgramFailed)) throw error
    throw new SetupError(`The lab's sites and people could not be written:\n${error.output.trim()}`, { cause: error })
  }
}

/**
 * @param {import('./children.mjs').Children} children
 * @param {{ url: string, logFolder: string, env: NodeJS.ProcessEnv }} options
 */
async function startProcesses(children, { url, logFolder, env }) {
  /** @param {string} name @param {string[]} command @param {number} stopTimeoutMs @param {NodeJS.ProcessEnv} [more] */
  const start = (name, command, stopTimeoutMs, more) =>
    children.start({
      name,
      command: [nodePath(), ...command],
      logPath: join(logFolder, `${name.toLowerCase()}.log`),
      env: { ...env, ...more },
      stopTimeoutMs,
    })
  const worker = start('Worker', [...workerFlags, inRoot('server/worker.ts')], 20_000, workerEnvironment)
  const web = start('Web', [inRoot('server/web.ts')], 10_000)
  let lastAnswer = 'no answer'
  const healthy = async () => {
    try {
      const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(5_000) })
      lastAnswer = `${response.status} ${await response.text()}`
      return response.ok ? true : undefined
    } catch {
      return undefined
    }
  }
  const bothRunning = { ...web, running: () => web.running() && worker.running() }
  try {
    await children.ready(bothRunning, 60_000, healthy)
  } catch (cause) {
    const failed = worker.running() ? web : worker
    const log = `The last lines of ${failed.logPath}:\n\n${failed.logTail() || '(empty)'}`
    throw new SetupError(`The console is not healthy (${url}/api/health: ${lastAnswer}). ${log}`, { cause })
  }
}

/** @param {number} port */
function refuseTakenPort(port) {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error) => {
      const taken = 'code' in error && error.code === 'EADDRINUSE'
      const reason = taken ? 'is taken by another program' : `can't be used: ${error.message}`
      reject(new SetupError(`Port ${port} of 127.0.0.1 ${reason}. Choose another: npm run up -- --port ${port + 1}`))
    })
    server.listen(port, '127.0.0.1', () => server.close(resolve))
  })
}
