import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tail } from './child.mjs'
import { Children } from './children.mjs'
import { startConsole } from './console.mjs'
import { inRoot } from './place.mjs'
import { freePort } from './postgres.mjs'
import { nodeCommand, tryProgram } from './program.mjs'

const timeoutMs = 20 * 60_000

/**
 * Runs the end-to-end tests in Chromium against a console of their own: own database, lab, ports and folder, gone
 * afterwards. The tests find it by SKERRY_URL, SKERRY_SIGN_IN and SKERRY_FLEET (files), and DATABASE_URL.
 * @param {{ pattern: string[], report: string }} options `report`: where Playwright's JSON goes
 * @returns {Promise<boolean>} whether all passed
 */
export async function runEndToEnd({ pattern, report }) {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-e2e-'))
  const children = new Children()
  const stop = () => children.stop()
  process.on('SIGINT', stop).on('SIGTERM', stop)
  try {
    const { url, databaseUrl, signInPath, fleetPath } = await startConsole(children, {
      folder,
      port: await freePort(),
      hosts: 'lab',
    })
    const env = {
      ...process.env,
      SKERRY_URL: url,
      SKERRY_SIGN_IN: signInPath,
      SKERRY_FLEET: fleetPath,
      DATABASE_URL: databaseUrl,
      PLAYWRIGHT_JSON_OUTPUT_NAME: report,
    }
    const playwright = nodeCommand(inRoot('node_modules/@playwright/test/cli.js'), 'test', '--reporter=list,json')
    const { code } = await tryProgram([...playwright, ...pattern], { env, show: true, timeoutMs })
    if (code !== 0) {
      for (const name of ['web', 'worker'])
        console.log(`\n${name}.log:\n${tail(join(folder, 'log', `${name}.log`), 40)}`)
    }
    return code === 0
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    await children.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
