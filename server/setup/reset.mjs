// npm run reset: forgets everything that `npm run up` keeps, and nothing else.
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import { dataFolder, inRoot } from './place.mjs'
import { runProgram } from './program.mjs'
import { findRunning } from './running.mjs'
import { rootPrefix } from './superuser.mjs'

/** @returns {Promise<boolean>} */
async function confirmed() {
  const { values } = parseArgs({ options: { yes: { type: 'boolean', short: 'y' } } })
  if (values.yes) return true
  if (!process.stdin.isTTY) {
    console.error(
      `This deletes the database, the lab and the secrets in ${dataFolder}. To go ahead: npm run reset -- --yes`,
    )
    return false
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(`Delete the database, the lab and the secrets in ${dataFolder}? [y/N] `)
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}

/** What a console and its lab make in a data folder. One that was named may hold other things, which stay. */
const ours = /^(cache|fleet\.json|lab|log|postgres(\.new)?|running\.json|secret\.json(\.new)?|sign-in\.json)$/

/** Only where a console has been: others have folders of these names too. */
const isOurs = existsSync(join(dataFolder, 'secret.json')) || dataFolder === inRoot('.data')

const found = () => (isOurs && existsSync(dataFolder) ? readdirSync(dataFolder).filter((name) => ours.test(name)) : [])

/** A lab that ran through sudo leaves files of root's. */
async function remove() {
  const paths = found().map((name) => join(dataFolder, name))
  try {
    for (const path of paths) rmSync(path, { recursive: true, force: true })
  } catch (error) {
    const asRoot = await rootPrefix()
    if (asRoot.length === 0) throw error
    await runProgram([...asRoot, 'rm', '-rf', ...paths], { keepsTerminal: true })
  }
  if (readdirSync(dataFolder).length === 0) rmdirSync(dataFolder)
}

const running = findRunning(dataFolder)
if (running) {
  console.error(`Skerry runs here: ${running.url}. Stop it first (process ${running.pid}).`)
  process.exitCode = 1
} else if (found().length === 0) {
  console.log('There is nothing to delete.')
} else if (await confirmed()) {
  await remove()
  console.log('Deleted. "npm run up" starts afresh.')
} else {
  process.exitCode = 1
}
