import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { newPassword } from './postgres.mjs'

/**
 * Made once for a data folder: the password of the database's role, what signs sessions, and what seals hosts'
 * credentials (32 bytes in base64).
 * @typedef {{ databasePassword: string, betterAuthSecret: string, sealingKey: string }} Secret
 */

/**
 * Reads the secrets of a data folder, and makes them the first time; only the owner may read the file.
 * @param {string} path
 * @returns {Secret}
 */
export function readSecret(path) {
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'))
  const secret = {
    databasePassword: newPassword(),
    betterAuthSecret: randomBytes(32).toString('base64url'),
    sealingKey: randomBytes(32).toString('base64'),
  }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, `${JSON.stringify(secret, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
  return secret
}
