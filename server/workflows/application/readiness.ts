import { asSkerryError } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { Application } from '#server/schema/backup.ts'
import type { StepContext } from '../define.ts'
import { mayRunPrograms, runInGuest, type ShellResult } from './guest-shell.ts'
import { mysql } from './mysql.ts'
import { ownScript } from './own-script.ts'
import { postgresql } from './postgresql.ts'
import { scriptOf, type Toolkit } from './toolkit.ts'

/** Own scripts come first and last: they may stop what the others ready. */
const toolkits: readonly Toolkit[] = [ownScript, postgresql, mysql]
const findMs = 15_000
const turnMs = 40_000
/** More instances than anybody has; a guest shall not keep a backup waiting by claiming thousands. */
const mostInstances = 8
const detailCharacters = 300

type Context = Pick<StepContext<unknown, object>, 'operation' | 'progress' | 'signal' | 'log'>

interface Readied {
  toolkit: Toolkit
  instance: string
  application: Application
}

/**
 * Does something while the applications of a running guest are ready for it, as far as they are known and their
 * toolkits succeed. What stood in the way is told, never thrown: a backup without it is better than none.
 */
export async function whileReady<T>(
  context: Context,
  host: HypervisorHost,
  vm: string,
  work: () => Promise<T>,
): Promise<{ result: T; applications: Application[] }> {
  const readied = await ready(context, host, vm)
  try {
    const result = await work()
    return { result, applications: await letGo(context, host, vm, readied) }
  } catch (error) {
    await letGo(context, host, vm, readied)
    throw error
  }
}

async function ready(context: Context, host: HypervisorHost, vm: string): Promise<Readied[]> {
  const readied: Readied[] = []
  for (const { toolkit, instance } of await find(context, host, vm)) {
    context.progress({ phase: `readying ${toolkit.name}` })
    const answer = await turn(context, host, vm, toolkit.before, instance)
    const { id, name } = toolkit
    const application = {
      id,
      instance,
      name,
      version: answer.output?.split('\n').at(-1) || null,
      problem: answer.problem,
    }
    readied.push({ toolkit, instance, application })
  }
  return readied
}

async function find({ log, signal }: Context, host: HypervisorHost, vm: string) {
  try {
    if (!(await mayRunPrograms(host, vm))) return []
    const found: { toolkit: Toolkit; instance: string }[] = []
    for (const toolkit of toolkits) {
      const { output } = await runInGuest(host, vm, scriptOf(toolkit.find), { timeoutMs: findMs, signal })
      const instances = output.split('\n').filter(Boolean).slice(0, mostInstances)
      found.push(...instances.map((instance) => ({ toolkit, instance })))
    }
    return found
  } catch (error) {
    signal.throwIfAborted()
    log.warn({ err: error }, 'the applications in a guest could not be looked for')
    return []
  }
}

/** The last one readied is the first to go on. */
async function letGo(context: Context, host: HypervisorHost, vm: string, readied: readonly Readied[]) {
  for (const { toolkit, instance, application } of readied.toReversed()) {
    if (!toolkit.after) continue
    // Also after a cancel: what holds its breath is let go.
    const answer = await turn({ ...context, signal: AbortSignal.timeout(turnMs) }, host, vm, toolkit.after, instance)
    application.problem ??= answer.problem
  }
  return readied.map(({ application }) => application)
}

interface Answer {
  output: string | null
  problem: string | null
}

async function turn(
  { operation, signal }: Context,
  host: HypervisorHost,
  vm: string,
  script: string,
  instance: string,
): Promise<Answer> {
  try {
    const text = scriptOf(script, { instance, run: operation.id })
    const result = await runInGuest(host, vm, text, { timeoutMs: turnMs, signal })
    return { output: result.output, problem: result.exitCode === 0 ? null : problemOf(result) }
  } catch (error) {
    signal.throwIfAborted()
    return { output: null, problem: asSkerryError(error).message }
  }
}

/** What the guest printed last is its tenant's own, and mostly says what is wrong. */
function problemOf({ exitCode, errors, output }: ShellResult): string {
  const said = (errors || output).split('\n').at(-1)?.trim().slice(0, detailCharacters)
  return said || `it ended with ${exitCode}`
}
