import { spawnSync } from 'node:child_process'
import { tryProgram } from './program.mjs'

/** @param {string[]} args */
const sudoAllows = (...args) => spawnSync('sudo', args, { stdio: 'ignore' }).status === 0

/** @returns {{ isRoot: boolean, hasSudo: boolean, sudoNeedsPassword: boolean, isTerminal: boolean }} what could make us root */
export function waysToRoot() {
  return {
    isRoot: process.getuid?.() === 0,
    hasSudo: sudoAllows('--version'),
    sudoNeedsPassword: !sudoAllows('-n', 'true'),
    isTerminal: Boolean(process.stdin.isTTY),
  }
}

/**
 * What to put in front of a command that needs root, after asking for the password on the terminal where it is needed.
 * @returns {Promise<string[]>} nothing where we are root, or can't be
 */
export async function rootPrefix() {
  const { isRoot, hasSudo, sudoNeedsPassword, isTerminal } = waysToRoot()
  if (isRoot || !hasSudo) return []
  if (!sudoNeedsPassword) return ['sudo', '-n']
  if (!isTerminal) return []
  const { code } = await tryProgram(['sudo', '-v', '-p', 'The lab of real hosts needs root. Password for sudo: '], {
    interactive: true,
  })
  return code === 0 ? ['sudo', '-n'] : []
}
