import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inRoot, nodePath, root } from './place.mjs'
import { tryProgram } from './program.mjs'
import { withExit } from './test-report.mjs'

/** @typedef {import('./test-report.mjs').Count} Count */
/** @typedef {{ name: string, result: Count | string, tookMs: number }} PartResult a string says why it was left out */

const timeoutMs = 60 * 60_000

/**
 * Runs a part of the tests as root while we are not, and leaves every file of this checkout ours.
 * @param {string} name
 * @param {string[]} pattern
 * @param {string[]} asRoot what makes a command root, see `rootPrefix`
 * @returns {Promise<Count | string>}
 */
export async function runAsRoot(name, pattern, asRoot) {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-as-root-'))
  const resultPath = join(folder, 'results.json')
  try {
    const script = [nodePath(), inRoot('server/setup/test.mjs'), '--only', name, '--results', resultPath, ...pattern]
    const kept = ['CI', 'PATH', 'SKERRY_CHROMIUM'].flatMap((key) =>
      process.env[key] ? [`${key}=${process.env[key]}`] : [],
    )
    await tryProgram([...asRoot, 'env', ...kept, ...script], { show: true, keepsTerminal: true, timeoutMs })
    /** @type {PartResult[]} */
    const results = JSON.parse(readFileSync(resultPath, 'utf8'))
    return results.find((part) => part.name === name)?.result ?? withExit(undefined, false)
  } finally {
    const { uid, gid } = { uid: process.getuid?.(), gid: process.getgid?.() }
    const giveBack = ['find', root, '-xdev', '-uid', '0', '-exec', 'chown', '-h', `${uid}:${gid}`, '{}', '+']
    await tryProgram([...asRoot, ...giveBack], { keepsTerminal: true })
    await tryProgram([...asRoot, 'rm', '-rf', folder], { keepsTerminal: true })
    rmSync(folder, { recursive: true, force: true })
  }
}
