import { DBOS } from '@dbos-inc/dbos-sdk'
import type { Logger } from 'pino'
import type { Db } from '#server/db.ts'
import type { OperationError } from '#server/schema/operation.ts'
import { attemptStep, attemptUndo, type EngineHooks, type Runtime } from './attempt.ts'
import type { AnyWorkflow, HostSource, HostTest, OperationRef } from './define.ts'
import { type ChangeSource, type Concurrency, Dispatcher } from './dispatcher.ts'
import { beginOperation, endOperation } from './record.ts'
import { adoptDeadWorkers } from './recovery.ts'

export interface EngineOptions {
  databaseUrl: string
  /** Sees the whole fleet */
  db: Db
  hosts: HostSource
  testHost: HostTest
  changes: ChangeSource
  workflows: readonly AnyWorkflow[]
  log: Logger
  /** Stable: a worker that returns under its name goes on with its work */
  workerId: string
  /** How long a step waits for a host to connect; default 30 s */
  hostWaitMs?: number
  /** Running operations a host, by kind; see `defaultConcurrency` */
  concurrency?: Concurrency
  /** A worker without a heartbeat for so long is dead; default 15 s */
  deadAfterMs?: number
  sweepMs?: number
  hooks?: EngineHooks
}

export interface Engine {
  /** Takes nothing new, lets running steps end for `withinMs`, then leaves them to the next worker. */
  stop(withinMs?: number): Promise<void>
}

/** Part of the durable record: raise it when a workflow's steps change, so that old runs end on old workers. */
const applicationVersion = '1'

let runtime: Runtime | undefined
const started = new Map<string, (operationId: string) => Promise<void>>()

/** The durable workflow of one operation. Deterministic: all that could come out differently happens inside steps. */
async function runOperation(workflow: AnyWorkflow, operationId: string): Promise<void> {
  const now = () => {
    if (!runtime) throw new Error('The engine is not running')
    return runtime
  }
  const ref = await DBOS.runStep(() => beginOperation(now().db, operationId, workflow.stepNames.length), {
    name: 'begin',
  })
  if (!ref) return
  const memory: object = {}
  for (const [index, name] of workflow.stepNames.entries()) {
    const outcome = await DBOS.runStep(() => attemptStep(now(), workflow, ref, index, memory), { name })
    if (outcome.ok) {
      Object.assign(memory, outcome.memory)
      continue
    }
    const { undone, left } = await undoFrom(now, workflow, ref, index, memory)
    const error: OperationError = left.length > 0 ? { ...outcome.error, left } : outcome.error
    const state = outcome.cancelled ? 'cancelled' : 'failed'
    const ending = {
      state,
      result: null,
      error: outcome.cancelled && left.length === 0 ? null : error,
      undone,
    } as const
    await DBOS.runStep(() => endOperation(now().db, operationId, ending), { name: 'end' })
    return
  }
  const ending = { state: 'succeeded', result: workflow.result(memory) ?? null, error: null, undone: [] } as const
  await DBOS.runStep(() => endOperation(now().db, operationId, { ...ending, undone: [] }), { name: 'end' })
}

async function undoFrom(
  now: () => Runtime,
  workflow: AnyWorkflow,
  ref: OperationRef,
  failedAt: number,
  memory: object,
) {
  const undone: string[] = []
  const left: string[] = []
  if (failedAt > workflow.noReturnIndex) return { undone, left }
  for (let index = failedAt; index >= 0; index--) {
    if (!workflow.hasUndo(index)) continue
    const name = `undo ${workflow.stepNames[index]}`
    const outcome = await DBOS.runStep(() => attemptUndo(now(), workflow, ref, index, memory), { name })
    if (outcome.undone) undone.push(outcome.undone)
    if (outcome.left) left.push(outcome.left)
  }
  return { undone, left }
}

/** Starts durable execution in this process: recovers this worker's own operations, then takes queued ones. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  if (runtime) throw new Error('The engine runs already in this process')
  const { db, log, workerId } = options
  runtime = {
    db,
    hosts: options.hosts,
    testHost: options.testHost,
    log,
    hostWaitMs: options.hostWaitMs ?? 30_000,
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
    systemDatabaseUrl: options.databaseUrl,
    systemDatabaseSchemaName: 'dbos',
    systemDatabasePoolSize: 6,
    executorID: workerId,
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
    sweep: () => adoptDeadWorkers(db, log, workerId, options.deadAfterMs ?? 15_000),
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
