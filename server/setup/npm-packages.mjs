import { existsSync, statSync } from 'node:fs'
import { inRoot, machineEnvironment } from './place.mjs'
import { runProgram } from './program.mjs'

/** npm writes this last, so it is missing after an interrupted install. */
const installedLock = inRoot('node_modules/.package-lock.json')

/** @returns {boolean} whether node_modules is missing or older than the lockfile */
export function npmPackagesAreStale() {
  if (!existsSync(installedLock)) return true
  return statSync(inRoot('package-lock.json')).mtimeMs > statSync(installedLock).mtimeMs
}

/**
 * Runs `npm ci` with the machine's own Node when it is needed.
 * @param {import('./step.mjs').Detail} detail
 * @returns {Promise<boolean>} whether it was
 */
export async function ensureNpmPackages(detail) {
  if (!npmPackagesAreStale()) return false
  const env = { ...machineEnvironment(), NODE_ENV: 'development' }
  const onLine = (/** @type {string} */ line) => line.startsWith('npm warn') || detail(line)
  await runProgram(['npm', 'ci', '--include=dev', '--no-audit', '--no-fund'], { env, onLine })
  return true
}
