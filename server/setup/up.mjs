// npm run up: everything a console needs, on this machine. Starts on the Node that the machine has, before `npm ci`.
import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { labPackages } from '../../lab/packages.mjs'
import { ChildFailed, Children } from './children.mjs'
import { startConsole } from './console.mjs'
import { ensureNpmPackages } from './npm-packages.mjs'
import { ensurePackages } from './packages.mjs'
import { dataFolder } from './place.mjs'
import { ProgramFailed } from './program.mjs'
import { findRunning, forgetRunning, recordRunning } from './running.mjs'
import { SetupError, seconds, step } from './step.mjs'

const usage = `npm run up -- [options]
  --port N      where the console listens on 127.0.0.1 (3000)
  --no-lab      no lab of hosts: add your own in the console
  --simulated   simulated hosts instead of the lab of real ones
  --lab         the lab, also when hosts of your own are configured
The environment's DATABASE_URL names a PostgreSQL to use instead of the embedded one.`

/** @returns {{ port: number, hosts: import('./console.mjs').ConsoleOptions['hosts'] } | undefined} */
function options() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '3000' },
        lab: { type: 'boolean' },
        'no-lab': { type: 'boolean' },
        simulated: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    const port = Number(values.port)
    const valid = Number.isInteger(port) && port > 0 && port < 65536
    if (values.help || !valid) return undefined
    const hosts = values['no-lab'] ? 'own' : values.simulated ? 'simulated' : values.lab ? 'lab' : 'auto'
    return { port, hosts }
  } catch {
    return undefined
  }
}

/** @param {unknown} error */
function explain(error) {
  if (error instanceof SetupError || error instanceof ChildFailed) return error.message
  if (error instanceof ProgramFailed)
    return `${error.message}\n${error.output.trim().split('\n').slice(-30).join('\n')}`
  return error instanceof Error ? `${error.stack}` : String(error)
}

/** @typedef {{ role: string, email: string, password: string }} SignIn a person of the lab, whose password is no secret */

/** @param {string} path of the file that the seed writes @param {string} setUpCode empty once somebody has an account */
function howToSignIn(path, setUpCode) {
  if (setUpCode) return `  Create the operator there. The set-up code is ${setUpCode}`
  /** @type {SignIn[]} */
  const people = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : []
  if (people.length === 0) return '  Sign in with your account.'
  const width = (/** @type {'role' | 'email'} */ key) => Math.max(...people.map((person) => person[key].length))
  const line = (/** @type {SignIn} */ { role, email, password }) =>
    `  ${role.padEnd(width('role'))}  ${email.padEnd(width('email'))}  ${password}`
  return ['  Sign in as', ...people.map(line)].join('\n')
}

/** @param {Children} children @param {NonNullable<ReturnType<typeof options>>} chosen */
async function up(children, { port, hosts }) {
  const startedAt = performance.now()
  const running = findRunning(dataFolder)
  if (running) throw new SetupError(`Skerry already runs here: ${running.url}. Stop it first (process ${running.pid}).`)
  const url = `http://127.0.0.1:${port}`
  recordRunning(dataFolder, { pid: process.pid, url })
  const wanted = hosts === 'auto' || hosts === 'lab' ? labPackages : []
  const { impossible: labImpossible } = await step('System packages', (detail) => ensurePackages(wanted, detail), {
    summary: ({ installed, impossible }) =>
      impossible ? 'not installed' : installed.length ? `${installed.length} installed` : 'there',
  })
  await step('npm packages', ensureNpmPackages, { summary: (installed) => (installed ? 'installed' : 'there') })
  const databaseUrl = process.env.DATABASE_URL
  const console_ = await startConsole(children, { folder: dataFolder, port, hosts, databaseUrl, labImpossible })
  recordRunning(dataFolder, { pid: process.pid, url, databaseUrl: console_.databaseUrl })
  console.log(`\nSkerry is ready: ${console_.url}`)
  console.log(howToSignIn(console_.signInPath, console_.setUpCode))
  console.log(`  Ctrl-C stops it; what it has written stays. (${seconds(performance.now() - startedAt)})\n`)
  const lost = await children.lost
  throw new ChildFailed(lost, `ended unexpectedly (${await lost.exited})`)
}

/** npm may be killed in a way that it can't pass on. @param {() => void} then */
function whenParentEnds(then) {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    then()
  }, 1000)
}

const children = new Children()
let endedAt = 0

/** Stops everything in order; asked again a second later or more, it no longer waits. @param {number} exitCode */
async function end(exitCode) {
  if (endedAt && Date.now() - endedAt < 1000) return
  if (endedAt) return children.kill()
  endedAt = Date.now()
  if (children.any()) console.log('\nStopping…')
  await children.stop()
  forgetRunning(dataFolder)
  if (children.any()) console.log('Everything is stopped.')
  process.exit(exitCode)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(0))
if (process.env.npm_lifecycle_event) whenParentEnds(() => end(0))

const chosen = options()
if (!chosen) {
  console.error(usage)
  process.exit(1)
}
try {
  await up(children, chosen)
} catch (error) {
  // What fails while everything is being stopped, fails because of that.
  if (!endedAt) {
    console.error(`\n${explain(error)}`)
    await end(1)
  }
}
