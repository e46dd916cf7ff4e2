// npm test: lint, types, unit, integration and end-to-end tests, from whatever state the machine is in.
import { parseArgs } from 'node:util'
import { labPackages } from '../../lab/packages.mjs'
import { browserPath } from './browser.mjs'
import { labObstacle } from './hosts.mjs'
import { ensureNpmPackages } from './npm-packages.mjs'
import { browserPackages, ensurePackages, imagePackages } from './packages.mjs'
import { ensureClient } from './prisma.mjs'
import { ProgramFailed, stopPrograms } from './program.mjs'
import { SetupError, seconds, step } from './step.mjs'
import { rootPrefix } from './superuser.mjs'
import { parts } from './test-part.mjs'
import { lastLine, withExit } from './test-report.mjs'

/** @typedef {import('./test-report.mjs').Count} Count */

const names = Object.keys(parts)

/** @returns {{ chosen: string[], pattern: string[] } | undefined} */
function options() {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } })
    const chosen = values.only?.split(',') ?? (positionals.length ? ['unit', 'integration', 'e2e'] : names)
    return chosen.every((name) => name in parts) ? { chosen, pattern: positionals } : undefined
  } catch {
    return undefined
  }
}

/** @param {string[]} chosen @returns {Promise<{ lab?: string, browser?: string }>} why this machine can't have a lab, or a browser */
async function prepare(chosen) {
  const needsLab = chosen.includes('integration') || chosen.includes('e2e')
  const install = (/** @type {string} */ title, /** @type {import('./packages.mjs').SystemPackage[]} */ wanted) =>
    step(title, (detail) => ensurePackages(wanted, detail))
  const lab = needsLab ? (await install('System packages', [...labPackages, ...imagePackages])).impossible : undefined
  let browser
  if (chosen.includes('e2e') && !browserPath()) {
    const result = await install('Chromium', browserPackages).catch((error) => {
      if (error instanceof ProgramFailed) return { impossible: error.message }
      throw error
    })
    if (result.impossible) browser = `no Chromium (name one with SKERRY_CHROMIUM): ${result.impossible}`
  }
  await step('npm packages', ensureNpmPackages)
  await step('Database client', ensureClient)
  const obstacle =
    lab ?? (needsLab ? await step('What a lab needs', async () => labObstacle(await rootPrefix())) : undefined)
  return { lab: obstacle && `this machine can't run a lab: ${obstacle}`, browser }
}

/**
 * @param {string} name
 * @param {import('./test-part.mjs').PartOptions} partOptions
 * @returns {Promise<Count | string>}
 */
async function runPart(name, partOptions) {
  console.log(`\n── ${name} ${'─'.repeat(60 - name.length)}`)
  try {
    return (await parts[name]?.(partOptions)) ?? withExit(undefined, false)
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error)
    return withExit(undefined, false)
  }
}

let stopped = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    stopped = true
    stopPrograms()
  })
}

const selection = options()
if (!selection) {
  console.error(`npm test -- [--only ${names.join(',')}] [part of a file's path]`)
  process.exit(1)
}
/** @type {Count[]} */
const counts = []
/** @type {string[]} */
const lines = []
try {
  const obstacles = await prepare(selection.chosen)
  for (const name of names.filter((part) => selection.chosen.includes(part))) {
    if (stopped) throw new SetupError('Stopped.')
    const startedAt = performance.now()
    const obstacle = obstacles.lab ?? (name === 'e2e' ? obstacles.browser : undefined)
    const result = await runPart(name, { pattern: selection.pattern, obstacle })
    const outcome = typeof result === 'string' ? `skipped: ${result}` : lastLine([result])
    lines.push(`${name.padEnd(12)} ${outcome.padEnd(30)} ${seconds(performance.now() - startedAt).padStart(12)}`)
    if (typeof result === 'string') continue
    counts.push(result)
    lines.push(...result.skipped.map((test) => `  skipped: ${test}`))
  }
} catch (error) {
  console.error(error instanceof SetupError ? `\n${error.message}` : error)
  if (error instanceof ProgramFailed) console.error(error.output.split('\n').slice(-30).join('\n'))
  counts.push(withExit(undefined, false))
}
console.log(`\n── summary ${'─'.repeat(53)}\n${lines.join('\n')}\n`)
console.log(lastLine(counts))
process.exitCode = counts.some(({ failed }) => failed > 0) ? 1 : 0
