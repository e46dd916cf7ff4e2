import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runEndToEnd } from './e2e.mjs'
import { inRoot, nodePath } from './place.mjs'
import { tryProgram } from './program.mjs'
import { countPlaywright, countVitest, withExit } from './test-report.mjs'

/** @typedef {import('./test-report.mjs').Count} Count */
/**
 * @typedef {{ pattern: string[], obstacle?: string }} PartOptions
 * `pattern` chooses files by a part of their path; `obstacle`: why hosts, or a browser, can't run here
 */

const partTimeoutMs = 50 * 60_000

/** @param {string} path of a script in this checkout @param {string[]} args */
async function tool(path, ...args) {
  const command = [nodePath(), inRoot(path), ...args]
  return (await tryProgram(command, { env: testEnvironment(), show: true, timeoutMs: partTimeoutMs })).code === 0
}

function testEnvironment() {
  // What the machine has set for a console of its own has no business in a test.
  const { DATABASE_URL: _database, ...rest } = process.env
  return { ...rest, NEXT_TELEMETRY_DISABLED: '1', FORCE_COLOR: process.stdout.isTTY ? '1' : '0' }
}

/** @param {Array<() => Promise<boolean>>} checks @returns {Promise<Count>} one passed or one failed */
async function checkAll(checks) {
  let succeeded = true
  for (const check of checks) succeeded = (await check()) && succeeded
  return { passed: succeeded ? 1 : 0, failed: succeeded ? 0 : 1, skipped: [], failures: [] }
}

/** @param {(report: string) => Promise<boolean>} run @param {(report: any) => Count} count */
async function counted(run, count) {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-report-'))
  const report = join(folder, 'report.json')
  try {
    const succeeded = await run(report)
    return withExit(existsSync(report) ? count(JSON.parse(readFileSync(report, 'utf8'))) : undefined, succeeded)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string} project @param {string[]} args */
function vitest(project, args) {
  return counted(
    (report) =>
      tool(
        'node_modules/vitest/vitest.mjs',
        ...['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
        ...args,
      ),
    countVitest,
  )
}

/** Integration tests that start libvirt hosts, told by what they name. */
function needsLab(/** @type {string} */ path) {
  return /#lab\/|testing\/lab|libvirtd|virsh|qemu-/.test(readFileSync(inRoot(path), 'utf8'))
}

/** @param {string} folder */
function integrationTestsIn(folder) {
  const names = readdirSync(inRoot(folder), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.integration.test.ts')).map((name) => join(folder, name))
}

/** @param {PartOptions} options @returns {Promise<Count>} */
async function integration({ pattern, obstacle }) {
  const args = pattern.length ? [...pattern, '--passWithNoTests'] : []
  if (!obstacle) return vitest('integration', args)
  const files = ['server', 'lab'].flatMap(integrationTestsIn).filter(needsLab).sort()
  const count = await vitest('integration', [...args, ...files.flatMap((path) => ['--exclude', path])])
  return { ...count, skipped: [...count.skipped, ...files.map((path) => `${path}: ${obstacle}`)] }
}

/**
 * The parts of `npm test`, in the order they run. A part answers what it came to, or why it was left out.
 * @type {Record<string, (options: PartOptions) => Promise<Count | string>>}
 */
export const parts = {
  lint: () =>
    checkAll([
      () => tool('node_modules/@biomejs/biome/bin/biome', 'check', '.'),
      () => tool('server/setup/check-imports.ts'),
    ]),
  types: () =>
    checkAll([
      () => tool('node_modules/next/dist/bin/next', 'typegen'),
      () => tool('node_modules/typescript/bin/tsc', '--noEmit'),
    ]),
  unit: ({ pattern }) => vitest('unit', pattern.length ? [...pattern, '--passWithNoTests'] : []),
  integration,
  e2e: async ({ pattern, obstacle }) =>
    obstacle ?? counted((report) => runEndToEnd({ pattern, report }), countPlaywright),
}
