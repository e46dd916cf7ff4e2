import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, startChild } from './child.mjs'
import { postgresFolder, postgresIdentity } from './postgres-binary.mjs'
import { SetupError } from './step.mjs'

const startTimeoutMs = 60_000
/** Autovacuum is off too: while it looks into a database, a role that is no superuser can't drop it. */
const fastSettings = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'autovacuum=off',
  'track_commit_timestamp=on',
]

/**
 * A running PostgreSQL on 127.0.0.1. `url` gives the address of one of its databases for the role `skerry`, which may
 * create databases but is no superuser, so that row-level security holds for it.
 * @typedef {{ port: number, url: (database?: string) => string, child: import('./child.mjs').Child, stop: () => Promise<void> }} Postgres
 */

/**
 * Starts PostgreSQL over a data directory, making it first when it isn't there: a role `skerry` with the given password
 * that owns a database `skerry`; nobody else can sign in. It ends with this process, and recovers from a crash by itself.
 * @param {{ dataDir: string, password: string, logPath: string, port?: number, throwAway?: boolean }} options `throwAway`
 *   trades safety of the data for speed
 * @returns {Promise<Postgres>}
 * @throws {SetupError} saying what to do when the directory is another version's, in use, or PostgreSQL can't start
 */
export async function startPostgres({ dataDir, password, logPath, port, throwAway = false }) {
  const folder = postgresFolder()
  const directory = resolve(dataDir)
  if (!existsSync(join(directory, 'PG_VERSION'))) createCluster(folder, directory, password)
  checkVersion(folder, directory)
  await waitForPredecessor(directory)
  const listenPort = port ?? (await freePort())
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    `hba_file=${join(directory, 'pg_hba.conf')}`,
    ...(throwAway ? fastSettings : []),
  ]
  const { prefix, uid, gid } = postgresIdentity()
  const server = [join(folder, 'bin/postgres'), '-D', directory, '-p', String(listenPort)]
  const child = startChild({
    name: 'Postgres',
    // Entering a user namespace clears the parent-death signal, so it is set after that.
    wrapper: prefix,
    command: [...server, ...settings.flatMap((setting) => ['-c', setting])],
    logPath,
    env: environment(),
    uid,
    gid,
    stopSignal: 'SIGINT',
    stopTimeoutMs: 20_000,
  })
  await waitUntilReady(directory, child)
  const url = (database = 'skerry') => `postgresql://skerry:${password}@127.0.0.1:${listenPort}/${database}`
  return { port: listenPort, url, child, stop: child.stop }
}

/** @returns {Promise<number>} a TCP port of 127.0.0.1 that nobody listened on a moment ago */
export function freePort() {
  return new Promise((resolvePort, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolvePort(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

function environment() {
  return { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
}

/**
 * Made beside its place and moved there when complete, so that an interruption leaves nothing half made.
 * @param {string} folder
 * @param {string} directory
 * @param {string} password
 */
function createCluster(folder, directory, password) {
  if (!/^[\w-]+$/.test(password))
    throw new SetupError('The password of the database may have letters, digits, - and _ only.')
  const making = `${directory}.new`
  rmSync(making, { recursive: true, force: true })
  mkdirSync(making, { recursive: true, mode: 0o700 })
  const { uid, gid } = postgresIdentity()
  if (uid !== undefined && gid !== undefined) chownSync(making, uid, gid)
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  run(folder, 'initdb', ['-D', making, '-U', 'postgres', '--auth=trust', '--no-sync', ...locale], '')
  writeFileSync(
    join(making, 'pg_hba.conf'),
    '# The role skerry alone may sign in; the superuser only through "postgres --single".\n' +
      'host all skerry 127.0.0.1/32 scram-sha-256\n',
  )
  const statements = [
    `CREATE ROLE skerry LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS NOCREATEROLE PASSWORD '${password}'`,
    'CREATE DATABASE skerry OWNER skerry',
  ]
  run(folder, 'postgres', ['--single', '-D', making, 'postgres'], statements.map((line) => `${line};\n`).join(''))
  mkdirSync(dirname(directory), { recursive: true })
  renameSync(making, directory)
}

/**
 * @param {string} folder
 * @param {string} program
 * @param {string[]} args
 * @param {string} input
 */
function run(folder, program, args, input) {
  const { prefix, uid, gid } = postgresIdentity()
  const [command = '', ...rest] = [...prefix, join(folder, 'bin', program), ...args]
  const result = spawnSync(command, rest, { uid, gid, input, encoding: 'utf8', env: environment() })
  const output = result.error?.message ?? `${result.stderr}`
  // A statement that fails in single-user mode leaves the exit code at 0.
  if (result.status === 0 && !/\b(ERROR|FATAL):/.test(output)) return
  const hint = uid === undefined ? '' : unreachableHint
  throw new SetupError(`Could not make a database with ${program}: ${output.trim()}${hint}`)
}

const unreachableHint =
  '\nPostgreSQL does not run as root, and this machine allows no user namespaces, so it ran as "nobody": put the folder ' +
  'where "nobody" can reach it (not under /root), run this as an ordinary user, or set DATABASE_URL.'

/**
 * @param {string} folder
 * @param {string} directory
 */
function checkVersion(folder, directory) {
  const found = readFileSync(join(directory, 'PG_VERSION'), 'utf8').trim()
  const output = spawnSync(join(folder, 'bin/postgres'), ['--version'], { encoding: 'utf8' }).stdout ?? ''
  const own = /(\d+)/.exec(output)?.[1]
  if (own === undefined || own === found) return
  const advice = 'Go back to the version of Skerry that made it, or remove it with "npm run reset".'
  throw new SetupError(
    `The database in ${directory} was made by PostgreSQL ${found}; this is PostgreSQL ${own}. ${advice}`,
  )
}

/**
 * Waits for a server that is still shutting down on the same directory (its parent was killed), and removes the lock file
 * that a machine's crash left behind when the process it names is something else by now.
 * @param {string} directory
 */
async function waitForPredecessor(directory) {
  const lock = join(directory, 'postmaster.pid')
  const deadline = Date.now() + 15_000
  while (existsSync(lock)) {
    const pid = Number(readFileSync(lock, 'utf8').split('\n')[0])
    if (!(isAlive(pid) && isPostgresOver(directory, pid))) {
      rmSync(lock, { force: true })
      return
    }
    if (Date.now() > deadline) {
      throw new SetupError(`PostgreSQL (process ${pid}) already runs over ${directory}. Stop it with: kill -INT ${pid}`)
    }
    await sleep(100)
  }
}

/**
 * @param {string} directory
 * @param {number} pid
 */
function isPostgresOver(directory, pid) {
  const procPath = `/proc/${pid}/cmdline`
  const commandLine = existsSync(procPath)
    ? readFileSync(procPath, 'utf8')
    : spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout
  return commandLine.includes(directory)
}

/**
 * PostgreSQL writes "ready" on the eighth line of its lock file once it accepts connections.
 * @param {string} directory
 * @param {import('./child.mjs').Child} child
 */
async function waitUntilReady(directory, child) {
  const lock = join(directory, 'postmaster.pid')
  const deadline = Date.now() + startTimeoutMs
  while (child.running()) {
    const lines = existsSync(lock) ? readFileSync(lock, 'utf8').split('\n') : []
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return
    if (Date.now() > deadline) {
      await child.stop()
      throw new SetupError(`PostgreSQL was not ready after ${startTimeoutMs / 1000} s:\n${child.logTail()}`)
    }
    await sleep(20)
  }
  throw new SetupError(`PostgreSQL did not start (${await child.exited}):\n${child.logTail()}`)
}

/** @returns {string} a password for {@link startPostgres} */
export function newPassword() {
  return randomBytes(24).toString('base64url')
}
