import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inRoot, workerEnvironment } from './place.mjs'
import { nodeCommand, ProgramFailed, runProgram } from './program.mjs'
import { SetupError } from './step.mjs'

/** What a build is made from. Tests and this folder's scripts are not in it. */
const sources = [
  'app',
  'components',
  'public',
  'server',
  'prisma/schema.prisma',
  'next.config.ts',
  'proxy.ts',
  'instrumentation.ts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
]
const notInBuild = /\.test\.tsx?$|^server\/(setup|testing)\//

/** @param {string} path relative to the checkout @returns {string[]} */
function filesUnder(path) {
  if (!existsSync(inRoot(path))) return []
  if (!statSync(inRoot(path)).isDirectory()) return [path]
  return readdirSync(inRoot(path))
    .sort()
    .flatMap((name) => filesUnder(join(path, name)))
}

/** @returns {string} the same for the same sources, whatever their dates */
export function sourceHash() {
  const hash = createHash('sha256')
  for (const path of sources.flatMap(filesUnder)) {
    if (!notInBuild.test(path))
      hash
        .update(`${path}\0`)
        .update(readFileSync(inRoot(path)))
        .update('\0')
  }
  return hash.digest('hex')
}

/**
 * Builds the console when its sources are not those of the last build.
 * @param {import('./step.mjs').Detail} detail
 * @returns {Promise<boolean>} whether it did
 * @throws {SetupError} with what the build said
 */
export async function ensureBuild(detail) {
  const record = inRoot('.next/skerry-sources')
  const hash = sourceHash()
  const built = existsSync(record) && existsSync(inRoot('.next/BUILD_ID')) && readFileSync(record, 'utf8') === hash
  if (built) return false
  rmSync(record, { force: true })
  try {
    await runProgram(nodeCommand(inRoot('node_modules/next/dist/bin/next'), 'build'), {
      env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
      onLine: detail,
    })
    detail('Compiling the worker')
    await runProgram(nodeCommand(inRoot('server/worker.ts'), '--compile'), {
      env: { ...process.env, ...workerEnvironment, NODE_ENV: 'production' },
    })
  } catch (error) {
    if (!(error instanceof ProgramFailed)) throw error
    throw new SetupError(`The console did not build:\n${error.output.trim()}`, { cause: error })
  }
  writeFileSync(record, hash)
  return true
}
