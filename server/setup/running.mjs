import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive } from './child.mjs'

/**
 * What says that a console runs over a data folder: which process, where, and its database.
 * @typedef {{ pid: number, url: string, databaseUrl?: string }} Running
 */

/** @param {string} folder */
const recordPath = (folder) => join(folder, 'running.json')

/** @param {string} folder a data folder @returns {Running | undefined} the console that runs over it, if one does */
export function findRunning(folder) {
  if (!existsSync(recordPath(folder))) return undefined
  /** @type {Running} */
  const record = JSON.parse(readFileSync(recordPath(folder), 'utf8') || '{"pid":0,"url":""}')
  return record.pid !== process.pid && isAlive(record.pid) && isSetup(record.pid) ? record : undefined
}

/** A process id is used again after a restart of the machine, so its name counts too. @param {number} pid */
function isSetup(pid) {
  const path = `/proc/${pid}/cmdline`
  if (existsSync(path)) return /\bup\.mjs/.test(readFileSync(path, 'utf8'))
  return /\bup\.mjs/.test(spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '')
}

/** @param {string} folder @param {Running} running */
export function recordRunning(folder, running) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(recordPath(folder), `${JSON.stringify(running)}\n`, { mode: 0o600 })
}

/** Removes this process's own record, and nobody else's. @param {string} folder */
export function forgetRunning(folder) {
  if (!existsSync(recordPath(folder))) return
  const { pid } = JSON.parse(readFileSync(recordPath(folder), 'utf8'))
  if (pid === process.pid) rmSync(recordPath(folder))
}
