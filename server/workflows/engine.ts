import { DBOS } from '@dbos-inc/dbos-sdk'
import type { Logger } from 'pino'
import type { WorkerLease } from '#server/core/worker-lease.ts'
import { type Db, idleInTransaction } from '#server/db.ts'
import { applicationVersion } from './application-version.ts'
import { attemptStep, attemptUndo, type EngineHooks, type Runtime, type StepOutcome, whileOwned } from './attempt.ts'
import type { CloneExports } from './clone-exports.ts'
import type { AnyWorkflow, HostSource, HostTest } from './define.ts'
import { type ChangeSource, type Concurrency, Dispatcher } from './dispatcher.ts'
import { Ownership, type Run } from './ownership.ts'
import { beginOperation, type Ending, endOperation, type Leftover } from './record.ts'
import { adoptDeadWorkers } from './recovery.ts'
import type { Repositories } from './repositories.ts'
import { goBack, type WayBack } from './way-back.ts'

export interface EngineOptions {
  databaseUrl: string
  /** Sees the whole fleet */
  db: Db
  hosts: HostSource
  testHost: HostTest
  repositories: Repositories
  cloneExports: CloneExports
  changes: ChangeSource
  workflows: readonly AnyWorkflow[]
  log: Logger
  /** What is done is done in its name, and only while it is held */
  worker: WorkerLease
  /** How long a step waits for a host to connect; default 30 s */
  hostWaitMs?: number
  /** How long a step waits before its second attempt; default 0.5 s */
  betweenAttemptsMs?: number
  /** Running operations a host, by kind; see `defaultConcurrency` */
  concurrency?: Concurrency
  sweepMs?: number
  hooks?: EngineHooks
}

export interface Engine {
  /** Takes nothing new, lets running steps end for `withinMs`, then leaves them to the next worker. */
  stop(withinMs?: number): Promise<void>
}

let runtime: Runtime | undefined
const started = new Map<string, (operationId: string) => Promise<void>>()

/** Told here, DBOS needs no statement of its own on each new connection, which pg would queue behind the first real one. */
function withIdleLimit(databaseUrl: string): string {
  const url = new URL(databaseUrl)
  const options = url.searchParams.get('options') ?? ''
  url.searchParams.set('options', `${options} ${idleInTransaction}`.trim())
  return url.href
}

/** The durable workflow of one operation. Deterministic: all that could come out differently happens inside steps. */
async function runOperation(workflow: AnyWorkflow, operationId: string): Promise<void> {
  const now = () => {
    if (!runtime) throw new Error('The engine is not running')
    return runtime
  }
  const run = now().ownership.begin(operationId)
  try {
    await runSteps(now, run, workflow, operationId)
  } finally {
    runtime?.ownership.end(run)
  }
}

async function runSteps(now: () => Runtime, run: Run, workflow: AnyWorkflow, operationId: string): Promise<void> {
  const write = <T>(name: string, work: () => Promise<T>) => DBOS.runStep(() => whileOwned(now(), run, work), { name })
  const ref = await write('begin', () => beginOperation(now().db, operationId, workflow.stepNames.length))
  if (!ref) return
  const memory: object = {}
  for (const [index, name] of workflow.stepNames.entries()) {
    const outcome = await DBOS.runStep(() => attemptStep(now(), run, workflow, ref, index, memory), { name })
    if (outcome.ok) {
      Object.assign(memory, outcome.memory)
      continue
    }
    const way = await goBack(workflow, index, (at, how) => {
      const undo = () => attemptUndo(now(), run, workflow, ref, at, memory, how)
      return DBOS.runStep(undo, { name: `${how} ${workflow.stepNames[at]}` })
    })
    const ending = endingOf(outcome, way, memory)
    await write('end', () => endOperation(now().db, operationId, ending))
    return
  }
  const ending = { state: 'succeeded', result: workflow.result(memory) ?? null, error: null, undone: [] } as const
  await write('end', () => endOperation(now().db, operationId, { ...ending, undone: [] }))
}

/** A cancel that left something behind has failed: it is nobody's to forget. */
function endingOf({ cancelled, error, detail }: StepOutcome & { ok: false }, way: WayBack, memory: object): Ending {
  const { undone, left, details, leftAt } = way
  if (leftAt === null) {
    const state = cancelled ? 'cancelled' : 'failed'
    return { state, result: null, error: cancelled ? null : error, undone, errorDetail: detail }
  }
  const message = cancelled ? 'It was cancelled, but not all of it could be put back.' : error.message
  const wayOut = [error.wayOut, 'Clean up what was left behind when the cause is gone.'].filter(Boolean).join(' ')
  const errorDetail = [detail, ...details].filter(Boolean).join('\n') || null
  const leftover: Leftover = { stepIndex: leftAt, memory: { ...memory } }
  return { state: 'failed', result: null, error: { ...error, message, wayOut, left }, undone, errorDetail, leftover }
}

/** Starts durable execution in this process: recovers this worker's own operations, then takes queued ones. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  if (runtime) throw new Error('The engine runs already in this process')
  const { db, log, worker } = options
  runtime = {
    db,
    ownership: new Ownership({ db, worker, log }),
    hosts: options.hosts,
    testHost: options.testHost,
    repositories: options.repositories,
    cloneExports: options.cloneExports,
    log,
    hostWaitMs: options.hostWaitMs ?? 30_000,
    betweenAttemptsMs: options.betweenAttemptsMs ?? 500,
    hooks: options.hooks ?? {},
    running: new Map(),
    stopping: false,
  }
  const here = runtime
  for (const workflow of options.workflows) {
    if (started.has(workflow.kind)) continue
    const registered = DBOS.registerWorkflow((id: string) => runOperation(workflow, id), { name: workflow.kind })
    started.set(workflow.kind, registered)
  }
  DBOS.setConfig({
    name: 'skerry',
    systemDatabaseUrl: withIdleLimit(options.databaseUrl),
    systemDatabaseSchemaName: 'dbos',
    systemDatabasePoolSize: 6,
    executorID: worker.executorId,
    applicationVersion,
    logger: {
      info: (entry) => log.debug({ dbos: entry }),
      debug: () => undefined,
      warn: (entry) => log.warn({ dbos: entry }),
      error: (entry, detail) => log.error({ dbos: entry, stack: detail?.stack }),
    },
  })
  await DBOS.launch()
  const dispatcher = new Dispatcher({
    db,
    log,
    concurrency: options.concurrency,
    sweepMs: options.sweepMs ?? 5_000,
    changes: options.changes,
    start: async (kind, operationId) => {
      const workflow = started.get(kind)
      if (!workflow) throw new Error(`No workflow does ${kind}`)
      await DBOS.startWorkflow(workflow, { workflowID: operationId })(operationId)
    },
    knows: (kind) => started.has(kind),
    running: here.running,
    sweep: () => adoptDeadWorkers(db, log, worker),
  })
  dispatcher.start()
  return {
    stop: async (withinMs = 5_000) => {
      here.stopping = true
      await dispatcher.stop()
      await DBOS.shutdown({ workflowCompletionTimeoutMS: withinMs })
      runtime = undefined
    },
  }
}
