import type { Logger } from 'pino'
import { operatorDetail } from '#server/core/error-detail.ts'
import { type Db, databaseBusy, isDatabaseBusy, isDatabaseGone } from '#server/db.ts'
import { asSkerryError, GivenUp, SkerryError } from '#server/errors.ts'
import { OutcomeUnknown } from '#server/hypervisor/driver.ts'
import type { OperationError } from '#server/schema/operation.ts'
import type { CloneExports } from './clone-exports.ts'
import { connected } from './connection.ts'
import type { AnyWorkflow, BareContext, HostSource, HostTest, OperationRef } from './define.ts'
import { fenced, LeaseLost } from './fence.ts'
import type { Ownership, Run } from './ownership.ts'
import { Cancelled, pause } from './pause.ts'
import { ProgressWriter } from './progress.ts'
import type { Repositories } from './repositories.ts'

/** Where tests repeat, fail or kill; production passes none. `run` may be called more than once. */
export interface EngineHooks {
  aroundStep?<T>(at: StepPlace, run: () => Promise<T>): Promise<T>
}
export interface StepPlace {
  operationId: string
  kind: string
  step: string
  turn: 'do' | 'undo'
}

/** Everything steps are run with; one a worker process. */
export interface Runtime {
  db: Db
  ownership: Ownership
  hosts: HostSource
  testHost: HostTest
  repositories: Repositories
  cloneExports: CloneExports
  log: Logger
  hostWaitMs: number
  /** How long a step waits before its second attempt; longer before each further one */
  betweenAttemptsMs: number
  hooks: EngineHooks
  /** The running operations' cancel switches, by operation id */
  running: Map<string, AbortController>
  stopping: boolean
}

/** `detail` is what operators may read of an error, beside what everybody may. */
export type StepOutcome =
  | { ok: true; memory: object }
  | { ok: false; cancelled: boolean; error: OperationError; detail: string | null }
export type UndoOutcome = { undone: string | null; left: string | null; detail: string | null }

/** Whether this process may still do what it began */
type IsHeld = () => boolean

const attempts = 4
const never = new Promise<never>(() => {})

/**
 * Does `attempt` once this process may go on with the operation, and again when it was the database or this worker's
 * lease that failed, or the database was too busy: that says nothing about the operation. It never resolves when another
 * worker has taken it over.
 */
export async function whileOwned<T>(runtime: Runtime, run: Run, attempt: (isHeld: IsHeld) => Promise<T>): Promise<T> {
  for (;;) {
    const isHeld = await runtime.ownership.held(run)
    try {
      return await attempt(isHeld)
    } catch (error) {
      // The process ends in the middle of a step: that says nothing about the step, which runs again elsewhere.
      if (runtime.stopping) return never
      if (!wasInterrupted(runtime, isHeld, error) && !isDatabaseBusy(error)) throw error
      runtime.log.warn({ operation: run.operationId, err: error }, 'interrupted, looking again')
      await pause(runtime.betweenAttemptsMs)
    }
  }
}

const wasInterrupted = (runtime: Runtime, isHeld: IsHeld, error: unknown) =>
  runtime.stopping || !isHeld() || isLeaseLost(error) || isDatabaseGone(error)

const isLeaseLost = (error: unknown): boolean =>
  error instanceof LeaseLost || (error instanceof Error && isLeaseLost(error.cause))

/**
 * Runs one step to an outcome that can be recorded. When a call's outcome stayed unknown or a connection
 * broke, the step runs again: it reads what is there before it changes anything.
 */
export const attemptStep = (
  runtime: Runtime,
  run: Run,
  workflow: AnyWorkflow,
  ref: OperationRef,
  index: number,
  memory: object,
): Promise<StepOutcome> => whileOwned(runtime, run, (isHeld) => tryStep(runtime, isHeld, workflow, ref, index, memory))

async function tryStep(
  runtime: Runtime,
  isHeld: IsHeld,
  workflow: AnyWorkflow,
  ref: OperationRef,
  index: number,
  memory: object,
): Promise<StepOutcome> {
  const step = workflow.stepNames[index] ?? ''
  const { id } = ref
  const cancel = new AbortController()
  const canCancel = index <= workflow.noReturnIndex
  if (canCancel) runtime.running.set(id, cancel)
  const progress = new ProgressWriter(runtime.db, id)
  let hasBegun = false
  try {
    const row = await runtime.db.operation.update({
      where: { id },
      data: { step, stepIndex: index, phase: null, progressDone: null, progressTotal: null, remainingMs: null },
      select: { cancelRequestedAt: true, input: true },
    })
    if (row.cancelRequestedAt && canCancel) throw new Cancelled()
    const context = contextFor(runtime, isHeld, ref, row.input, memory, cancel.signal, progress, runtime.hostWaitMs)
    const once = () => workflow.do(index, context)
    hasBegun = true
    const place: StepPlace = { operationId: id, kind: workflow.kind, step, turn: 'do' }
    const onAgain = (error: unknown) =>
      progress.report({ phase: `trying again: ${describe(error, step, false).message}` })
    const result = await patiently(runtime, cancel.signal, () => around(runtime, place, once), onAgain)
    await progress.flush()
    return { ok: true, memory: result ?? {} }
  } catch (error) {
    await progress.flush()
    if (wasInterrupted(runtime, isHeld, error) || (!hasBegun && isDatabaseBusy(error))) throw error
    const cancelled = error instanceof Cancelled || (cancel.signal.aborted && isGivenUp(error))
    if (!cancelled) runtime.log.warn({ operation: id, kind: workflow.kind, step, err: error }, 'step failed')
    const detail = cancelled ? null : operatorDetail(error)
    return { ok: false, cancelled, error: describe(error, step, cancelled), detail }
  } finally {
    if (runtime.running.get(id) === cancel) runtime.running.delete(id)
  }
}

/** Undoes one step, or leaves its work where it is; what can't be undone is told, never thrown. */
export const attemptUndo = (
  runtime: Runtime,
  run: Run,
  workflow: AnyWorkflow,
  ref: OperationRef,
  index: number,
  memory: object,
  how: 'undo' | 'leave',
): Promise<UndoOutcome> =>
  whileOwned(runtime, run, (isHeld) => tryUndo(runtime, isHeld, workflow, ref, index, memory, how))

async function tryUndo(
  runtime: Runtime,
  isHeld: IsHeld,
  workflow: AnyWorkflow,
  ref: OperationRef,
  index: number,
  memory: object,
  how: 'undo' | 'leave',
): Promise<UndoOutcome> {
  const step = workflow.stepNames[index] ?? ''
  const progress = new ProgressWriter(runtime.db, ref.id)
  const { signal } = new AbortController()
  try {
    const where = { id: ref.id }
    const { input } = await runtime.db.operation.findUniqueOrThrow({ where, select: { input: true } })
    const context = contextFor(
      runtime,
      isHeld,
      ref,
      input,
      memory,
      signal,
      progress,
      Math.min(runtime.hostWaitMs, 10_000),
    )
    progress.report({ phase: `undoing: ${step}`, done: null, total: null, ratePerSecond: null, remainingMs: null })
    const place: StepPlace = { operationId: ref.id, kind: workflow.kind, step, turn: 'undo' }
    const once = () => workflow[how](index, context)
    const undone = await patiently(runtime, signal, () => around(runtime, place, once))
    await progress.flush()
    return { undone: undone ?? null, left: null, detail: null }
  } catch (error) {
    if (wasInterrupted(runtime, isHeld, error)) throw error
    runtime.log.error({ operation: ref.id, step, err: error }, 'undo failed')
    const detail = operatorDetail(error)
    return { undone: null, left: `${step}: ${toldOf(error)}`, detail }
  }
}

/** What is told when waiting was given up is no obstacle of its own. */
const givenUp = ['CallAborted', 'AbortError']

function isGivenUp(error: unknown): boolean {
  if (!(error instanceof SkerryError)) return true
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if (givenUp.includes(cause.name)) return true
  }
  return false
}

const around = <T>(runtime: Runtime, place: StepPlace, run: () => Promise<T>) =>
  runtime.hooks.aroundStep ? runtime.hooks.aroundStep(place, run) : run()

async function patiently<T>(
  runtime: Runtime,
  signal: AbortSignal,
  run: () => Promise<T>,
  onAgain: (error: unknown) => void = () => {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (attempt >= attempts || signal.aborted || !isPassing(error)) throw error
      onAgain(error)
      await pause(runtime.betweenAttemptsMs * attempt, signal)
    }
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof OutcomeUnknown || isDatabaseBusy(error)) return true
  if (!(error instanceof SkerryError) || error instanceof GivenUp) return false
  // An answer, though not a good one: asking again would give the same.
  const isAnswer = error.cause instanceof Error && error.cause.name === 'LibvirtError'
  return error.code === 'unavailable' && !isAnswer
}

function contextFor(
  runtime: Runtime,
  isHeld: IsHeld,
  ref: OperationRef,
  input: unknown,
  memory: object,
  signal: AbortSignal,
  progress: ProgressWriter,
  hostWaitMs: number,
): BareContext {
  const openHost = async (hostId: string) => fenced(await runtime.hosts.open(hostId), isHeld)
  return {
    operation: ref,
    input,
    memory,
    db: runtime.db,
    log: runtime.log.child({ operation: ref.id }),
    signal,
    progress: (value) => progress.report(value),
    repositories: runtime.repositories,
    cloneExports: runtime.cloneExports,
    openHost,
    testHost: (uri, sealed, hostId) => runtime.testHost(uri, sealed, hostId, signal),
    host: async (hostId, waitMs = hostWaitMs) => {
      const host = await openHost(hostId)
      if (host.connection().state === 'connected') return host
      const row = await runtime.db.host.findUnique({ where: { id: hostId }, select: { name: true } })
      await connected(host, row?.name ?? hostId, waitMs, signal)
      return host
    },
  }
}

/** An error that carries an action for the person, beside its text. */
export class StepError extends SkerryError {
  readonly offer: OperationError['offer']
  constructor(
    code: SkerryError['code'],
    message: string,
    options: { wayOut?: string; offer?: OperationError['offer'] },
  ) {
    super(code, message, options.wayOut ? { wayOut: options.wayOut } : {})
    this.offer = options.offer
  }
}

/** What everybody may read of any error. */
export const toldOf = (error: unknown): string => describe(error, '', false).message

function describe(error: unknown, step: string, cancelled: boolean): OperationError {
  if (cancelled) return { code: 'cancelled', message: 'It was cancelled.', step, wayOut: null }
  if (error instanceof OutcomeUnknown) {
    const wayOut = 'Look at the VM on its host before trying again.'
    return { code: 'unavailable', message: error.message, step, wayOut }
  }
  const shown = isDatabaseBusy(error) ? databaseBusy(error) : asSkerryError(error)
  const offer = error instanceof StepError && error.offer ? { offer: error.offer } : {}
  return { code: shown.code, message: shown.message, step, wayOut: shown.wayOut ?? null, ...offer }
}
