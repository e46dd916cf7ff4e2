// npm run reset: forgets everything that `npm run up` keeps, and nothing else.
import { existsSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import { dataFolder } from './place.mjs'
import { runProgram } from './program.mjs'
import { findRunning } from './running.mjs'
import { rootPrefix } from './superuser.mjs'

/** @returns {Promise<boolean>} */
async function confirmed() {
  const { values } = parseArgs({ options: { yes: { type: 'boolean', short: 'y' } } })
  if (values.yes) return true
  if (!process.stdin.isTTY) {
    console.error(
      'This deletes the database, the lab and the secrets of this folder. To go ahead: npm run reset -- --yes',
    )
    return false
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(`Delete the database, the lab and the secrets in ${dataFolder}? [y/N] `)
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}

/** A lab that ran through sudo leaves files of root's. */
async function remove() {
  try {
    rmSync(dataFolder, { recursive: true, force: true })
  } catch (error) {
    const asRoot = await rootPrefix()
    if (asRoot.length === 0) throw error
    await runProgram([...asRoot, 'rm', '-rf', dataFolder], { keepsTerminal: true })
  }
}

const running = findRunning(dataFolder)
if (running) {
  console.error(`Skerry runs here: ${running.url}. Stop it first (process ${running.pid}).`)
  process.exitCode = 1
} else if (!existsSync(dataFolder)) {
  console.log('There is nothing to delete.')
} else if (await confirmed()) {
  await remove()
  console.log('Deleted. "npm run up" starts afresh.')
} else {
  process.exitCode = 1
}
