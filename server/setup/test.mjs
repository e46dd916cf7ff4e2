// npm test: lint, types, unit, integration and end-to-end tests, from whatever state the machine is in.
import { writeFileSync } from 'node:fs'
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
import { runAsRoot } from './test-as-root.mjs'
import { parts } from './test-part.mjs'
import { lastLine, withExit } from './test-report.mjs'

/** @typedef {import('./test-report.mjs').Count} Count */

const names = Object.keys(parts)
/** They start hosts, which takes root. */
const needingLab = ['integration', 'e2e']

/** @returns {{ chosen: string[], pattern: string[], resultPath?: string } | undefined} */
function options() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      // `results`: a file for what each part came to, for who runs a part of this as root
      options: { only: { type: 'string' }, results: { type: 'string' } },
    })
    const chosen = values.only?.split(',') ?? (positionals.length ? ['unit', 'integration', 'e2e'] : names)
    const known = chosen.every((name) => name in parts)
    return known ? { chosen, pattern: positionals, resultPath: values.results } : undefined
  } catch {
    return undefined
  }
}

/**
 * @param {string[]} chosen
 * @returns {Promise<{ lab?: string, browser?: string, asRoot: string[] }>} why this machine can't have a lab, or a browser, and
 * what makes the parts root that have a lab
 */
async function prepare(chosen) {
  const needsLab = needingLab.some((name) => chosen.includes(name))
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
  const asRoot = needsLab && !lab ? await rootPrefix() : []
  const obstacle = lab ?? (needsLab ? await step('What a lab needs', () => labObstacle(asRoot)) : undefined)
  return { lab: obstacle && `this machine can't run a lab: ${obstacle}`, browser, asRoot }
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
/** @type {import('./test-as-root.mjs').PartResult[]} */
const results = []
try {
  const obstacles = await prepare(selection.chosen)
  for (const name of names.filter((part) => selection.chosen.includes(part))) {
    if (stopped) throw new SetupError('Stopped.')
    const startedAt = performance.now()
    const obstacle = obstacles.lab ?? (name === 'e2e' ? obstacles.browser : undefined)
    const isRoots = obstacles.asRoot.length > 0 && !obstacle && needingLab.includes(name)
    const result = isRoots
      ? await runAsRoot(name, selection.pattern, obstacles.asRoot)
      : await runPart(name, { pattern: selection.pattern, obstacle })
    results.push({ name, result, tookMs: performance.now() - startedAt })
  }
} catch (error) {
  console.error(error instanceof SetupError ? `\n${error.message}` : error)
  if (error instanceof ProgramFailed) console.error(error.output.split('\n').slice(-30).join('\n'))
  results.push({ name: 'npm test', result: withExit(undefined, false), tookMs: 0 })
}
if (selection.resultPath) writeFileSync(selection.resultPath, JSON.stringify(results))
const lines = results.flatMap(({ name, result, tookMs }) => {
  const outcome = typeof result === 'string' ? `skipped: ${result}` : lastLine([result])
  const named =
    typeof result === 'string'
      ? []
      : [...result.skipped.map((test) => `  skipped: ${test}`), ...result.failures.map((test) => `  failed: ${test}`)]
  return [`${name.padEnd(12)} ${outcome.padEnd(30)} ${seconds(tookMs).padStart(12)}`, ...named]
})
/** @type {Count[]} */
const counts = results.flatMap(({ result }) => (typeof result === 'string' ? [] : [result]))
console.log(`\n── summary ${'─'.repeat(53)}\n${lines.join('\n')}\n`)
console.log(lastLine(counts))
process.exitCode = counts.some(({ failed }) => failed > 0) ? 1 : 0
