import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

// A user's PATH lacks the folders of what is root's (nft, ip, sshd), and root has it too after a plain `su`.
const systemFolders = ['/usr/sbin', '/sbin']
const path = (process.env.PATH ?? '').split(delimiter)
process.env.PATH = [...path, ...systemFolders.filter((folder) => !path.includes(folder))].join(delimiter)

/** The folder of this checkout, without a slash at its end. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** Where `npm run up` keeps everything that lasts: database, lab, logs, secrets. */
export const dataFolder = process.env.SKERRY_DATA ? resolve(process.env.SKERRY_DATA) : join(root, '.data')

/** @param {string[]} parts of a path inside this checkout */
export const inRoot = (...parts) => join(root, ...parts)

/** The Node that everything but the bootstrap runs on: the pinned one from npm. */
export function nodePath() {
  const pinned = inRoot('node_modules/node/bin/node')
  return existsSync(pinned) ? pinned : process.execPath
}

/** Where Node keeps our code without its types, compiled: made with the build. */
export const codeCache = inRoot('.next/cache/code')

/**
 * With which a worker runs: what a backup leaves for the collector stays below 400 MiB, however large the disk. The bytes
 * that pass through count for the collector too: with a heap that begins small it came so often that a backup took a
 * quarter more of the processor.
 */
export const workerFlags = ['--max-semi-space-size=2', '--initial-old-space-size=64']
/** Memory that is free again is used by all threads. Giving it back at once made restores slower by half. */
export const workerEnvironment = {
  MALLOC_ARENA_MAX: '2',
  NODE_COMPILE_CACHE: codeCache,
}

/** The environment without npm's additions to PATH, to find the machine's own Node and npm. @returns {NodeJS.ProcessEnv} */
export function machineEnvironment() {
  const entries = (process.env.PATH ?? '').split(delimiter)
  const withoutNpm = entries.filter((entry) => !entry.includes('node_modules')).join(delimiter)
  return { ...process.env, PATH: withoutNpm }
}
